/* Chapter 11: one sampler, one funnel, two coordinate systems, and what each finds of the neck. */
(() => {
  "use strict";

  const { math, svg, define, logRange, otherNumbers } = window.explorables;

  /* Mathematics: the funnel of shared.js, and the same distribution in z = x / exp(y / 4) and y --- */

  const nonCentered = {
    logDensity: ([z, y]) => -0.5 * ((y - 2) / 3) ** 2 - 0.5 * z ** 2 - Math.log(6 * Math.PI),
    gradient: ([z, y]) => [-z, -(y - 2) / 9],
  };
  const targets = { centered: math.funnel, noncentered: nonCentered };

  /** Run HMC from [0, 2]; `random` is `{normal, uniform}`. Positions are in the target's coordinates. */
  const run = (target, step, steps, draws, random) => {
    let q = [0, 2];
    const found = { draws: [], diverged: [], accepted: 0 };
    for (let i = 0; i < draws; i++) {
      const momentum = [random.normal(), random.normal()];
      const next = math.hmc(target, q, momentum, random.uniform(), step, steps);
      if (next.diverging) found.diverged.push(q);
      if (next.accepted) found.accepted++;
      q = next.q;
      found.draws.push(q);
    }
    return found;
  };

  /** From [z, y] to [x, y], and back. */
  const toX = ([z, y]) => [z * Math.exp(y / 4), y];
  const toZ = ([x, y]) => [x * Math.exp(-y / 4), y];

  math.funnelRuns = { targets, run, toX, toZ };

  /* The explorable -------------------------------------------------------------------------------- */

  const DRAWS = 2000;
  const LENGTH = 4.7; // a quarter of an orbit of y
  const NECK = -4;
  const IN_NECK = 0.02275; // Normal(2, 3) below -4
  const Y = [-9, 12];
  const yTicks = [-8, -4, 0, 4, 8, 12];

  const plain = (v) => v.toLocaleString("en-US");
  const stepsOf = (step) => Math.max(5, Math.round(LENGTH / step));

  let kept = { key: "" }; // the last run: a window that changes its width needs no other
  const sampled = (state) => {
    const key = `${state.map}/${state.step}/${state.seed}`;
    if (kept.key !== key) {
      const found = run(
        targets[state.map],
        state.step,
        stepsOf(state.step),
        DRAWS,
        math.random(state.seed),
      );
      const [inX, inZ] = state.map === "centered" ? [(q) => q, toZ] : [toX, (q) => q];
      const both = (list) => ({ x: list.map(inX), z: list.map(inZ) });
      kept = {
        key,
        accepted: found.accepted,
        draws: both(found.draws),
        diverged: both(found.diverged),
      };
    }
    return kept;
  };

  const draw = (state, width) => {
    const { draws, diverged, accepted } = sampled(state);
    const wide = width >= 600;
    const third = (width - 128) / 3.1;
    const half = (width - 76) / 2;
    const stable = 4 * Math.log(state.step / 2); // where the step is twice the scale of x
    const boxes = wide
      ? [
          [34, 54, 34 + third, 334],
          [74 + third, 54, 74 + 2 * third, 334],
          [114 + 2 * third, 54, width - 14, 334],
        ]
      : [
          [30, 54, 30 + half, 274],
          [66 + half, 54, width - 10, 274],
          [30, 364, width - 10, 524],
        ];

    const map = (index, name, points, divergent, x, xTicks, xLabel, lines) => {
      const active = name === state.map;
      const panel = svg.panel({
        id: `funnel-${name}`,
        box: boxes[index],
        x,
        y: Y,
        xTicks,
        yTicks: index ? [] : yTicks,
        xLabel,
        title: name === "centered" ? "Centered" : "Non-centered",
        yLabel: active ? (wide ? "the sampler moves here" : "it moves here") : "the same draws",
      });
      const outside = ([a, b]) => a < x[0] || a > x[1] || b < Y[0] || b > Y[1];
      return (
        (active
          ? svg.rect(
              panel.left,
              panel.top,
              panel.right - panel.left,
              panel.bottom - panel.top,
              "x-a x-tint",
            )
          : "") +
        panel.frame +
        panel.inside(
          lines.map((line) => svg.path(panel.points(line), "x-gray x-thin x-faint")).join("") +
            svg.line(panel.left, panel.Y(NECK), panel.right, panel.Y(NECK), "x-d x-thin x-dash") +
            (active && !index
              ? svg.line(panel.left, panel.Y(stable), panel.right, panel.Y(stable), "x-b x-dot")
              : "") +
            svg.dots(
              panel.points(points.filter((p, i) => i % 2 && !outside(p))),
              1.3,
              "x-ink x-faint",
            ) +
            svg.dots(panel.points(divergent), 4.5, "x-ink") +
            svg.dots(panel.points(divergent), 3.4, "x-e"),
        )
      );
    };

    const entries = [["x-e x-full", "divergent, at its start", true]];
    if (state.map === "centered") entries.push(["x-b x-dot", "limit of stability"]);

    const heights = Array.from({ length: 43 }, (_, i) => -9 + i / 2);
    const walls = [-2, -1, 1, 2].map((s) => heights.map((y) => [s * Math.exp(y / 4), y]));
    const turn = Array.from({ length: 73 }, (_, i) => (i * Math.PI) / 36);
    const rings = [1, 2].map((s) => turn.map((t) => [s * Math.cos(t), 2 + 3 * s * Math.sin(t)]));
    let picture = map(
      0,
      "centered",
      draws.x,
      diverged.x,
      [-20, 20],
      wide ? [-20, -10, 0, 10, 20] : [-20, 0, 20],
      "x",
      walls,
    );
    picture += map(
      1,
      "noncentered",
      draws.z,
      diverged.z,
      [-4, 4],
      wide ? [-4, -2, 0, 2, 4] : [-4, 0, 4],
      "z",
      rings,
    );

    // The draws of y as bars that lie, beside the density that they should have.
    const exact = heights.map((y) => [math.normalPdf(y, 2, 3), y]);
    const panel = svg.panel({
      id: "funnel-y",
      box: boxes[2],
      x: [0, 0.2],
      y: Y,
      xTicks: [[0, "0"], 0.1, 0.2],
      yTicks: wide ? [] : yTicks,
      xLabel: "density",
      title: "What it found of y",
      yLabel: "line: exact",
    });
    const counts = Array.from({ length: 42 }, () => 0);
    for (const [, y] of draws.x) if (y >= -9 && y < 12) counts[Math.floor((y + 9) * 2)]++;
    const outline = counts.flatMap((n, i) => [
      [(n / DRAWS) * 2, -9 + i / 2],
      [(n / DRAWS) * 2, -8.5 + i / 2],
    ]);
    const bars = [[0, -9], ...outline, [0, 12]];
    const neck = [[0, -9], ...outline.filter(([, y]) => y <= NECK), [0, NECK]];
    picture += panel.frame;
    picture += panel.inside(
      svg.path(panel.points(bars), "x-a x-tint", "Z") +
        svg.path(panel.points(neck), "x-d x-shade", "Z") +
        svg.path(panel.points(exact), "x-ink") +
        svg.line(panel.left, panel.Y(NECK), panel.right, panel.Y(NECK), "x-d x-thin x-dash"),
    );
    picture += svg.text(panel.right, panel.Y(NECK) + 16, "the neck", "x-d", "end");

    const bottom = boxes[2][3] + 60;
    picture += svg.legend(boxes[0][0], bottom, width, entries);

    const below = draws.x.filter(([, y]) => y < NECK).length / DRAWS;
    const steps = stepsOf(state.step);
    const says =
      `<b>${state.map === "centered" ? "Centered" : "Non-centered"}</b>, ${steps} steps of ${state.step} a trajectory: of ${plain(DRAWS)} transitions ` +
      `<b>${diverged.x.length ? plain(diverged.x.length) : "none"} diverged</b> and ${Math.round((100 * accepted) / DRAWS)} % were accepted, for ${plain(DRAWS * steps)} gradients. ` +
      `Of the draws <b>${(100 * below).toFixed(1)} %</b> lie in the neck, below y = −4, where ${(100 * IN_NECK).toFixed(1)} % should.`;
    return { svg: picture, height: bottom + (width < 360 ? 26 : 8), says };
  };

  define("funnel", {
    label:
      "The funnel. Draws of one sampler in the centered coordinates x and y, the same draws in the non-centered z and y, and the draws of y beside their exact density. Divergent transitions are large dots.",
    controls: [
      {
        kind: "choice",
        key: "map",
        label: "The sampler moves in",
        value: "centered",
        options: { centered: "x, y (centered)", noncentered: "z, y (non-centered)" },
      },
      logRange("step", "Step size", [0.05, 4], 1, (v) => String(v)),
      otherNumbers,
    ],
    draw,
  });
})();
