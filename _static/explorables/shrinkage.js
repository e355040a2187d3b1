/* Chapter 10: what each school's estimate becomes as the spread between schools goes from 0 to infinity. */
(() => {
  "use strict";

  const { math, svg, define, range, minus } = window.explorables;

  /* Mathematics: y_j ~ Normal(theta_j, s_j), theta_j ~ Normal(mu, tau), mu ~ Normal(0, 20) -------- */

  const MU_SD = 20;

  /** Given tau: mean, sd and shrinkage factor of each theta, mean of mu, log evidence up to a constant. */
  const givenTau = (y, s, tau) => {
    let precision = 1 / MU_SD ** 2;
    let pull = 0;
    let misfit = 0;
    for (let j = 0; j < y.length; j++) {
      const variance = s[j] ** 2 + tau ** 2;
      precision += 1 / variance;
      pull += y[j] / variance;
      misfit += y[j] ** 2 / variance + Math.log(variance);
    }
    const mu = pull / precision;
    const share = s.map((each) => each ** 2 / (each ** 2 + tau ** 2));
    return {
      mu,
      share,
      mean: y.map((each, j) => (1 - share[j]) * each + share[j] * mu),
      sd: s.map((each, j) => Math.sqrt((1 - share[j]) * each ** 2 + share[j] ** 2 / precision)),
      logEvidence: 0.5 * (mu ** 2 * precision - Math.log(precision) - misfit),
    };
  };

  /** Densities of the priors of tau. */
  const priors = {
    halfCauchy: (scale) => (tau) => 2 / (Math.PI * scale * (1 + (tau / scale) ** 2)),
    halfNormal: (scale) => (tau) => 2 * math.normalPdf(tau, 0, scale),
  };

  // The half line as the interval from 0 to 1: integrals over tau, and the slider, need an end.
  const MIDDLE = 5;
  const toTau = (u) => (u < 1 ? (MIDDLE * u) / (1 - u) : Infinity);
  const fromTau = (tau) => (tau < Infinity ? tau / (MIDDLE + tau) : 1);

  /** The posterior of tau and what it says of each theta: `density(tau)`, `beyond(tau)`, means, sds. */
  const posterior = (y, s, prior) => {
    const offset = givenTau(y, s, MIDDLE).logEvidence;
    const weight = (tau) => prior(tau) * Math.exp(givenTau(y, s, tau).logEvidence - offset);
    const over = (f, from = 0) =>
      math.simpson(
        (u) => (u < 1 ? (f(toTau(u)) * MIDDLE) / (1 - u) ** 2 : 0),
        fromTau(from),
        1,
        4000,
      );
    const total = over(weight);
    const expect = (f) => over((tau) => weight(tau) * f(tau)) / total;
    const given = (j, part) => (tau) => givenTau(y, s, tau)[part][j];
    const mean = y.map((_, j) => expect(given(j, "mean")));
    const square = y.map((_, j) =>
      expect((tau) => given(j, "sd")(tau) ** 2 + given(j, "mean")(tau) ** 2),
    );
    return {
      mean,
      sd: square.map((each, j) => Math.sqrt(each - mean[j] ** 2)),
      share: y.map((_, j) => expect(given(j, "share"))),
      mu: expect((tau) => givenTau(y, s, tau).mu),
      tau: expect((tau) => tau),
      density: (tau) => weight(tau) / total,
      beyond: (tau) => (tau < Infinity ? over(weight, tau) / total : 0),
    };
  };

  /* The explorable -------------------------------------------------------------------------------- */

  const patients = [450, 320, 180, 520, 90, 250, 380, 60, 200, 410, 150, 75];
  const DATA = {
    schools: {
      one: "School",
      unit: "points",
      y: [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16],
      s: [14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6],
      prior: priors.halfCauchy(10),
      limits: [-22, 46],
      ticks: [-20, -10, 0, 10, 20, 30, 40],
      most: 30,
      tauTicks: [0, 5, 10, 15, 20, 25, 30],
    },
    hospitals: {
      one: "Hospital",
      unit: "mmHg",
      y: [
        9.3085, 6.8453, 10.8988, 10.2862, 4.2055, 4.3349, 9.4956, 7.6127, 8.2619, 5.863, 12.1958,
        10.1768,
      ],
      s: patients.map((n) => 15 / Math.sqrt(n)),
      prior: priors.halfNormal(10),
      limits: [1.5, 15],
      ticks: [2, 4, 6, 8, 10, 12, 14],
      most: 8,
      tauTicks: [0, 2, 4, 6, 8],
    },
  };
  math.shrinkage = { givenTau, priors, posterior, data: DATA };

  for (const data of Object.values(DATA)) {
    data.order = data.y.map((_, j) => j).sort((a, b) => data.y[b] - data.y[a]);
    data.best = data.s.indexOf(Math.min(...data.s));
    data.curve = null; // the posterior of tau, once it is needed
  }

  const letter = (j) => String.fromCharCode(65 + j);
  const percent = (share) =>
    `${share > 0 && share < 0.005 ? "less than 1" : Math.round(100 * share)} %`;
  const shown = (tau) => (tau === Infinity ? "∞" : tau < 10 ? tau.toFixed(1) : tau.toFixed(0));
  const points = (v) => minus(v.toFixed(1));

  const layout = (width, data) => {
    const wide = width >= 620;
    const step = data.y.length > 8 ? 24 : 31;
    const rows = step * data.y.length;
    const tall = wide ? rows : 150;
    const tauBox = [12, 48, wide ? 250 : width - 12, 48 + tall];
    const top = wide ? 48 : tauBox[3] + 94;
    return {
      step,
      tauBox,
      box: [wide ? 300 : 26, top, width - 58, top + rows],
      height: top + rows + (width < 340 ? 80 : 62),
    };
  };

  const tauPanel = (width, data) =>
    svg.panel({
      id: "shrinkage-tau",
      box: layout(width, data).tauBox,
      x: [0, data.most],
      y: [0, data.curve.top],
      xTicks: data.tauTicks,
      xLabel: `spread τ (${data.unit})`,
      title: "How plausible is each spread?",
    });

  const prepare = (state) => {
    const data = DATA[state.data];
    if (!data.curve) {
      const after = posterior(data.y, data.s, data.prior);
      const taus = Array.from({ length: 121 }, (_, i) => (i / 120) * data.most);
      const line = taus.map((tau) => [tau, after.density(tau)]);
      data.curve = {
        after,
        line,
        before: taus.map((tau) => [tau, data.prior(tau)]),
        top: 1.12 * Math.max(...line.map((p) => p[1])),
      };
    }
    return data;
  };

  const draw = (state, width) => {
    const data = prepare(state);
    const { after, line, before } = data.curve;
    const known = state.spread === "known";
    const now = known ? givenTau(data.y, data.s, state.tau) : after;
    const { step, box, height } = layout(width, data);

    const left = tauPanel(width, data);
    let picture = left.frame;
    const tail = known ? line.filter(([tau]) => tau > state.tau) : line;
    if (tail.length > 1) {
      const start = known && state.tau < data.most ? [[state.tau, after.density(state.tau)]] : [];
      const area = [[(start[0] ?? tail[0])[0], 0], ...start, ...tail, [data.most, 0]];
      picture += svg.path(left.points(area), "x-a x-tint", "Z");
    }
    picture +=
      left.inside(svg.path(left.points(before), "x-gray x-thin x-dot")) +
      svg.path(left.points(line), "x-a");
    picture += svg.text(
      left.X(0.45 * data.most),
      left.Y(after.density(0.42 * data.most)) - 12,
      "posterior",
      "x-a",
    );
    picture += svg.text(left.right, left.Y(data.prior(data.most)) - 8, "prior", "x-small", "end");
    if (known) {
      const x = left.X(Math.min(state.tau, data.most));
      picture += svg.line(x, left.top, x, left.bottom, "x-b");
      picture += svg.circle(x, left.bottom, 7, "x-b x-full");
      const far = state.tau > data.most;
      const side = x > left.left + 120 ? -9 : 9;
      picture += svg.text(
        x + side,
        left.top + 12,
        `τ = ${shown(state.tau)}${far ? " →" : ""}`,
        "x-b x-strong",
        side < 0 ? "end" : "start",
      );
      picture += `<rect class="x-hand" x="${left.left - 12}" y="${left.top}" width="${left.right - left.left + 24}" height="${left.bottom - left.top + 24}"/>`;
    }

    const right = svg.panel({
      id: "shrinkage-rows",
      box,
      x: data.limits,
      y: [0, 1],
      xTicks: data.ticks,
      xLabel: data.unit === "points" ? "effect of coaching (points)" : "effect of the drug (mmHg)",
      title: known ? "What the estimates become" : "What the estimates become, all τ averaged",
    });
    picture += right.frame;
    picture += svg.text(width - 4, right.top - 10, "B", "x-title", "end");
    const meaning = [
      ["x-gray x-open", "raw ± standard error", true],
      ["x-a x-full", "posterior ± sd", true],
    ];
    picture += svg.legend(right.left - 6, right.bottom + 54, width, meaning);
    const center = right.X(now.mu);
    picture += svg.line(center, right.top, center, right.bottom, "x-a x-thin x-dash");
    data.order.forEach((j, row) => {
      const y = right.top + (row + 0.5) * step;
      const [raw, mean] = [right.X(data.y[j]), right.X(now.mean[j])];
      const reach = (mid, sd) => [
        right.X(Math.max(mid - sd, data.limits[0])),
        y,
        right.X(Math.min(mid + sd, data.limits[1])),
        y,
      ];
      picture += svg.text(right.left - 14, y + 4.5, letter(j), "x-strong", "middle");
      picture += svg.line(...reach(data.y[j], data.s[j]), "x-gray x-thin x-faint");
      picture += svg.line(...reach(now.mean[j], now.sd[j]), "x-a x-wide");
      picture += svg.line(raw, y, mean, y, "x-gray x-thin");
      picture += svg.circle(raw, y, 5, "x-gray x-open") + svg.circle(mean, y, 5.5, "x-a x-full");
      picture += svg.text(
        width - 4,
        y + 4.5,
        `${Math.round(100 * now.share[j])} %`,
        "x-tick",
        "end",
      );
    });

    const first = data.order[0];
    const leader = now.mean.indexOf(Math.max(...now.mean));
    const name = `${data.one} ${letter(first)}`;
    const from = `${points(data.y[first])} ${data.unit}`;
    let says;
    if (!known) {
      says =
        `Nobody knows τ. Averaged over its posterior, ${name}’s ${from} become <b>${points(now.mean[first])}</b>, with a standard ` +
        `deviation of ${points(now.sd[first])}; <b>${percent(now.share[first])}</b> of that answer comes from the population, ` +
        `and ${percent(now.share[data.best])} for ${letter(data.best)}, which is measured best.`;
    } else if (state.tau === 0) {
      says = `At <b>τ = 0</b> all ${state.data} are one: each effect is the common mean, <b>${points(now.mu)} ${data.unit}</b>, whatever its own data say.`;
    } else if (state.tau === Infinity) {
      says = `At <b>τ = ∞</b> each ${data.one.toLowerCase()} stands alone: no estimate moves, and ${name} keeps its <b>${from}</b>. The data rule so large a spread out.`;
    } else {
      says =
        `If the spread were <b>τ = ${shown(state.tau)} ${data.unit}</b>, ${name}’s ${from} would become <b>${points(now.mean[first])}</b>: ` +
        `${percent(now.share[first])} of that answer comes from the population, and ${percent(now.share[data.best])} for ${letter(data.best)}, which is measured best. ` +
        (leader === first ? "" : `${letter(leader)} is now ahead of ${letter(first)}. `) +
        `After these data, the spread is larger than this with probability <b>${percent(after.beyond(state.tau))}</b>.`;
    }
    return { svg: picture, height, says };
  };

  define("shrinkage", {
    label:
      "Shrinkage. Left, the posterior of the spread tau. Right, each raw estimate as a ring and its posterior mean as a dot, with the shrinkage factor B.",
    controls: [
      {
        kind: "choice",
        key: "data",
        label: "Data",
        value: "schools",
        options: { schools: "Eight schools", hospitals: "Twelve hospitals" },
      },
      {
        kind: "choice",
        key: "spread",
        label: "The spread τ is",
        value: "known",
        options: { known: "known", averaged: "averaged over" },
      },
      range("tau", "Spread τ between groups", [0, Infinity, 0.005], 5, shown, {
        min: 0,
        max: 1,
        to: (u) => +toTau(u).toPrecision(3),
        from: fromTau,
        off: (state) => state.spread !== "known",
      }),
      { kind: "play", of: "tau", label: "▶ Play τ from 0 to ∞", seconds: 7 },
    ],
    draw,
    drag: {
      grab: (state, width, x, y) => {
        const panel = tauPanel(width, prepare(state));
        const here =
          x > panel.left - 14 && x < panel.right + 14 && y > panel.top && y < panel.bottom + 26;
        return here && state.spread === "known" ? "tau" : null;
      },
      move: (state, width, x) => {
        const panel = tauPanel(width, prepare(state));
        return { tau: +Math.min(DATA[state.data].most, Math.max(0, panel.unX(x))).toFixed(2) };
      },
    },
  });
})();
