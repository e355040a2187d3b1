/* Chapter 02: what Metropolis, HMC and NUTS make of the same number of evaluations. */
(() => {
  "use strict";

  const { math, svg, define, range, logRange, otherNumbers } = window.explorables;

  /* Mathematics: targets and samplers, as in `companion.lessons.mcmc` ----------------------------- */

  const RHO = 0.9;
  const NOISE = 0.5;

  const targets = {
    /** Two standard Normals with correlation 0.9. */
    normal: {
      logDensity: ([x, y]) =>
        (-0.5 * (x * x - 2 * RHO * x * y + y * y)) / (1 - RHO ** 2) -
        Math.log(2 * Math.PI) -
        0.5 * Math.log(1 - RHO ** 2),
      gradient: ([x, y]) => [(RHO * y - x) / (1 - RHO ** 2), (RHO * x - y) / (1 - RHO ** 2)],
    },
    /** x ~ Normal(0, 1) and y ~ Normal(x^2 - 1, 0.5). */
    banana: {
      logDensity: ([x, y]) =>
        -0.5 * x * x - 0.5 * ((y - x * x + 1) / NOISE) ** 2 - Math.log(2 * Math.PI * NOISE),
      gradient: ([x, y]) => {
        const pull = (y - x * x + 1) / NOISE ** 2;
        return [-x + 2 * x * pull, -pull];
      },
    },
    funnel: math.funnel,
  };

  /** One transition of Metropolis from `q`: a Normal step, accepted or not. */
  const metropolis = (target, q, step, random) => {
    const proposal = q.map((v) => v + step * random.normal());
    const acceptance = Math.exp(Math.min(0, target.logDensity(proposal) - target.logDensity(q)));
    const accepted = random.uniform() < acceptance;
    return {
      q: accepted ? proposal : q,
      points: [{ q }, { q: proposal }],
      acceptance,
      accepted,
      diverging: false,
      steps: 1,
    };
  };

  /** One transition of HMC from `q`, with fresh momentum. */
  const hmc = (target, q, step, steps, random) => {
    const momentum = q.map(() => random.normal());
    return math.hmc(target, q, momentum, random.uniform(), step, steps);
  };

  const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const plus = (a, b) => a.map((v, i) => v + b[i]);
  const logSum = (a, b) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
  };
  const turns = (momentum, first, last) =>
    Math.min(dot(momentum, first.p), dot(momentum, last.p)) <= 0;

  // A stretch of a trajectory: its ends, sums over its points, and one point picked by weight.
  const single = (point, steps) => {
    const diverging = !(point.error <= math.DIVERGENT);
    const logWeight = diverging ? -Infinity : -point.error;
    const acceptance = steps * Math.exp(Math.min(0, logWeight));
    return {
      first: point,
      last: point,
      momentum: point.p,
      logWeight,
      pick: point,
      acceptance,
      steps,
      diverging,
      ended: diverging,
    };
  };

  const join = (old, fresh, forward, random, favorNew) => {
    const [left, right] = forward ? [old, fresh] : [fresh, old];
    const total = logSum(old.logWeight, fresh.logWeight);
    const share = Math.exp(Math.min(0, fresh.logWeight - (favorNew ? old.logWeight : total)));
    const momentum = plus(left.momentum, right.momentum);
    const turned =
      turns(momentum, left.first, right.last) ||
      turns(plus(left.momentum, right.first.p), left.first, right.first) ||
      turns(plus(left.last.p, right.momentum), left.last, right.last);
    return {
      first: left.first,
      last: right.last,
      momentum,
      logWeight: total,
      pick: !fresh.ended && random.uniform() < share ? fresh.pick : old.pick,
      acceptance: old.acceptance + fresh.acceptance,
      steps: old.steps + fresh.steps,
      diverging: fresh.diverging,
      ended: fresh.ended || turned,
    };
  };

  /** One transition of NUTS from `q`, with at most `maxDepth` doublings. */
  const nuts = (target, q, step, random, maxDepth = 8) => {
    const start = {
      q,
      p: q.map(() => random.normal()),
      slope: target.gradient(q),
      error: 0,
      time: 0,
    };
    const energy = math.energy(target, start);
    const points = [start];
    const move = (point, forward) => {
      const next = math.leapfrogStep(point, target.gradient, forward ? step : -step);
      points.push(
        Object.assign(next, {
          error: math.energy(target, next) - energy,
          time: point.time + (forward ? 1 : -1),
        }),
      );
      return next;
    };
    const grow = (edge, forward, depth) => {
      if (depth === 0) return single(move(edge, forward), 1);
      const near = grow(edge, forward, depth - 1);
      if (near.ended) return near;
      return join(
        near,
        grow(forward ? near.last : near.first, forward, depth - 1),
        forward,
        random,
        false,
      );
    };
    let path = single(start, 0);
    for (let doubling = 0; doubling < maxDepth && !path.ended; doubling++) {
      const forward = random.uniform() < 0.5;
      path = join(
        path,
        grow(forward ? path.last : path.first, forward, doubling),
        forward,
        random,
        true,
      );
    }
    return {
      q: path.pick.q,
      points: points.sort((a, b) => a.time - b.time),
      error: path.pick.error,
      acceptance: path.acceptance / path.steps,
      accepted: path.pick !== start,
      diverging: path.diverging,
      steps: path.steps,
    };
  };

  /** Segments of the lines where a function of [x, y] has a value, on a grid (marching squares). */
  const contour = (f, [x0, x1], [y0, y1], level, cells = 50) => {
    const at = (i, j) => [x0 + ((x1 - x0) * i) / cells, y0 + ((y1 - y0) * j) / cells];
    const high = Array.from({ length: cells + 1 }, (_, i) =>
      Array.from({ length: cells + 1 }, (unused, j) => f(at(i, j)) - level),
    );
    const segments = [];
    for (let i = 0; i < cells; i++) {
      for (let j = 0; j < cells; j++) {
        const corners = [
          [i, j],
          [i + 1, j],
          [i + 1, j + 1],
          [i, j + 1],
        ];
        const crossings = [];
        corners.forEach(([a, b], k) => {
          const [c, d] = corners[(k + 1) % 4];
          const [u, v] = [high[a][b], high[c][d]];
          if (u > 0 !== v > 0) {
            const [p, q] = [at(a, b), at(c, d)];
            crossings.push(p.map((w, n) => w + (u / (u - v)) * (q[n] - w)));
          }
        });
        for (let k = 0; k + 1 < crossings.length; k += 2)
          segments.push([crossings[k], crossings[k + 1]]);
      }
    }
    return segments;
  };

  math.paths = { targets, metropolis, hmc, nuts, contour };

  /* The explorable -------------------------------------------------------------------------------- */

  const MOST = 1500;
  const PLACES = {
    normal: {
      x: [-3.4, 3.4],
      y: [-3.4, 3.4],
      start: [-2.2, -2.6],
      ticks: [-2, 0, 2],
      peak: [0, 0],
    },
    banana: { x: [-3, 3], y: [-2.6, 6], start: [-2, 3.6], ticks: [-2, 0, 2], peak: [0, -1] },
    funnel: { x: [-16, 16], y: [-9, 11], start: [3, 6], ticks: [-10, 0, 10], peak: [0, -0.25] },
  };
  const SAMPLERS = [
    ["Metropolis", "x-c"],
    ["HMC", "x-a"],
    ["NUTS", "x-b"],
  ];
  const yTicks = { normal: [-2, 0, 2], banana: [-2, 0, 2, 4, 6], funnel: [-8, -4, 0, 4, 8] };

  let kept = { key: "" }; // the chains, up to the largest budget
  const chains = (state) => {
    const key = [state.target, state.step, state.steps, state.seed].join("/");
    if (kept.key !== key) {
      const target = targets[state.target];
      const steppers = [
        (q, random) => metropolis(target, q, state.step, random),
        (q, random) => hmc(target, q, state.step, state.steps, random),
        (q, random) => nuts(target, q, state.step, random),
      ];
      const runs = steppers.map((transition, which) => {
        const random = math.random(100 * state.seed + which);
        const chain = [];
        let q = PLACES[state.target].start;
        for (let spent = 0; spent < MOST;) {
          const next = transition(q, random);
          spent += next.steps;
          chain.push({ ...next, from: q, spent });
          q = next.q;
        }
        return chain;
      });
      kept = { key, runs };
    }
    return kept.runs;
  };

  const lines = {};
  const contours = (name) => {
    const { x, y, peak } = PLACES[name];
    const { logDensity } = targets[name];
    lines[name] ??= [0.5, 2, 4.5].map((down) => contour(logDensity, x, y, logDensity(peak) - down));
    return lines[name];
  };

  const draw = (state, width) => {
    const place = PLACES[state.target];
    const runs = chains(state);
    const wide = width >= 600;
    const size = wide ? (width - 108) / 3 : width - 44;
    const tall = wide ? size * 1.15 : 230;
    let picture = "";
    const clauses = SAMPLERS.map(([name, look], which) => {
      const left = wide ? 32 + which * (size + 34) : 32;
      const top = 52 + (wide ? 0 : which * (tall + 82));
      const made = runs[which].filter((one) => one.spent <= state.spend);
      const last = made.at(-1);
      const stayed = made.filter((one) => !one.accepted).length;
      const panel = svg.panel({
        id: `paths-${which}`,
        box: [left, top, left + size, top + tall],
        x: place.x,
        y: place.y,
        xTicks: place.ticks,
        yTicks: wide && which ? [] : yTicks[state.target],
        title: name,
        yLabel: `${made.length} transition${made.length === 1 ? "" : "s"}`,
      });
      const draws = [place.start, ...made.map((one) => one.q)];
      let inside = contours(state.target)
        .map(
          (level) =>
            `<path class="x-gray x-thin x-faint" d="${level.map(([a, b]) => `M${[a, b].map(([u, v]) => `${panel.X(u).toFixed(1)} ${panel.Y(v).toFixed(1)}`).join("L")}`).join("")}"/>`,
        )
        .join("");
      inside +=
        svg.path(panel.points(draws), `${look} x-hair`) +
        svg.dots(panel.points(draws), 2, `${look} x-shown`);
      if (last) {
        const points = panel.points(
          last.points.map((point) => point.q).filter((q) => q.every(Number.isFinite)),
        );
        inside += svg.path(points, "x-ink x-thin") + svg.dots(points, 1.8, "x-ink");
        inside += svg.circle(panel.X(last.from[0]), panel.Y(last.from[1]), 4.5, "x-ink x-open");
        inside += svg.circle(panel.X(last.q[0]), panel.Y(last.q[1]), 5.5, `${look} x-full`);
      }
      picture += panel.frame + panel.inside(inside);
      const jump =
        made.reduce(
          (sum, one) => sum + Math.hypot(one.q[0] - one.from[0], one.q[1] - one.from[1]),
          0,
        ) / (made.length || 1);
      const diverged = made.filter((one) => one.diverging).length;
      return made.length
        ? `<b>${name}</b> makes ${made.length}, <b>${jump.toFixed(2)}</b> long on average (${Math.round((100 * stayed) / made.length)} % stayed${diverged ? `, ${diverged} diverged` : ""})`
        : `<b>${name}</b> has not finished its first`;
    });
    const bottom = 52 + tall + (wide ? 0 : 2 * (tall + 82));
    const entries = [
      ["x-ink x-open", "start of the last transition", true],
      ["x-ink x-thin", "its path"],
      ["x-a x-full", "where it led", true],
    ];
    picture += svg.legend(wide ? 32 : 20, bottom + 44, width, entries);
    const says = `Transitions for ${state.spend} evaluations, with a step of ${state.step}: ${clauses.join("; ")}.`;
    return { svg: picture, height: bottom + (wide ? 52 : 88), says };
  };

  define("paths", {
    label:
      "Three samplers on one target. For each, contours of the density, the draws so far, and the path of the last transition.",
    controls: [
      {
        kind: "choice",
        key: "target",
        label: "Target",
        value: "normal",
        options: { normal: "Normal", banana: "banana", funnel: "funnel" },
      },
      range("spend", "Evaluations for each sampler", [1, MOST, 1], 200, (v) =>
        v.toLocaleString("en-US"),
      ),
      logRange("step", "Step size", [0.02, 3], 0.3, (v) => String(v)),
      range("steps", "Leapfrog steps of HMC", [1, 40, 1], 8, (v) => String(v)),
      { kind: "play", of: "spend", label: "▶ Play", seconds: 12 },
      otherNumbers,
    ],
    draw,
  });
})();
