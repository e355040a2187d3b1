/* Chapter 01: a Beta prior, Binomial data and their posterior, which is found by adding counts. */
(() => {
  "use strict";

  const { math, svg, define, range, logRange } = window.explorables;

  /* Mathematics: theta ~ Beta(a, b), y ~ Binomial(n, theta) -------------------------------------- */

  const LANCZOS = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
    -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
    1.5056327351493116e-7,
  ];

  /** Logarithm of the gamma function of a positive number, by Lanczos' series. */
  const logGamma = (x) => {
    if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
    const t = x + 6.5;
    const sum = LANCZOS.reduce((total, c, i) => total + (i ? c / (x - 1 + i) : c), 0);
    return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
  };

  const logBeta = (a, b) => logGamma(a) + logGamma(b) - logGamma(a + b);

  /** Density of Beta(a, b) between 0 and 1. */
  const pdf = (x, a, b) =>
    Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta(a, b));

  /** Probability below x, by the continued fraction of the incomplete beta function (Lentz). */
  const cdf = (x, a, b) => {
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - cdf(1 - x, b, a);
    let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1))];
    let value = d;
    for (let m = 1; m < 500; m++) {
      const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
      const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
      for (const term of [even, odd]) {
        d = 1 / (1 + term * d);
        c = 1 + term / c;
        value *= c * d;
      }
      if (Math.abs(c * d - 1) < 1e-15) break;
    }
    return (Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a) * value;
  };

  /** The value below which a probability lies, by bisection. */
  const quantile = (p, a, b) => {
    let [low, high] = [0, 1];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (cdf(middle, a, b) < p) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };

  /** The posterior of a Beta prior after `y` of `n`: parameters, mean, sd, and the prior's weight. */
  const update = (a, b, y, n) => {
    const [after, other] = [a + y, b + n - y];
    const mean = after / (after + other);
    return {
      a: after,
      b: other,
      mean,
      sd: Math.sqrt((mean * (1 - mean)) / (after + other + 1)),
      weight: (a + b) / (a + b + n),
    };
  };

  math.conjugate = { pdf, cdf, quantile, update };

  /* The explorable -------------------------------------------------------------------------------- */

  const LIMIT = 0.2; // the insurer's
  const MOST = 0.5;
  const percent = (v) => `${(100 * v).toFixed(1)} %`;
  const chance = (v) =>
    v < 0.001 ? "less than 0.1 %" : v > 0.999 ? "more than 99.9 %" : percent(v);
  const count = (state) => Math.round(state.share * state.n);
  const plain = (v) => String(+v.toFixed(1));

  const layout = (width) => {
    const panel = svg.panel({
      id: "conjugate",
      box: [16, 100, width - 16, 340],
      x: [0, MOST],
      y: [0, 1],
      xTicks: [0, 0.1, 0.2, 0.3, 0.4, 0.5].map((v) => [v, `${Math.round(100 * v)} %`]),
      xLabel: "share of readmissions θ",
    });
    return { panel, beam: 62, height: width < 360 ? 424 : 404 };
  };

  const size = (patients) => Math.min(24, 2.5 + 1.15 * Math.sqrt(patients));

  const draw = (state, width) => {
    const { panel, beam, height } = layout(width);
    const [a, b, y] = [state.mean * state.worth, (1 - state.mean) * state.worth, count(state)];
    const after = update(a, b, y, state.n);
    const share = state.n ? y / state.n : state.share;

    const grid = Array.from({ length: 251 }, (_, i) => 0.0005 + (i / 250) * (MOST - 0.0005));
    const curves = {
      before: grid.map((x) => [x, pdf(x, a, b)]),
      data: grid.map((x) => [x, state.n ? pdf(x, y + 1, state.n - y + 1) : 1]),
      after: grid.map((x) => [x, pdf(x, after.a, after.b)]),
    };
    // A prior with a pole at zero must not flatten all the rest.
    const top =
      1.12 *
      Math.min(60, Math.max(...Object.values(curves).flatMap((c) => c.slice(4).map((p) => p[1]))));
    const scaled = (curve) => panel.points(curve.map(([x, v]) => [x, v / top]));
    const closed = (curve) => scaled([[curve[0][0], 0], ...curve, [curve.at(-1)[0], 0]]);

    let picture = panel.frame;
    picture += panel.inside(
      svg.path(closed(curves.after), "x-a x-tint", "Z") +
        svg.path(closed(curves.after.filter(([x]) => x >= LIMIT)), "x-e x-shade", "Z") +
        svg.path(scaled(curves.data), "x-c x-dot") +
        svg.path(scaled(curves.before), "x-gray x-dash") +
        svg.path(scaled(curves.after), "x-a x-thick"),
    );
    const edge = panel.X(LIMIT);
    picture += svg.line(edge, panel.top - 4, edge, panel.bottom, "x-ink x-thin x-dot");
    const [side, anchor] = after.mean > LIMIT ? [-6, "end"] : [6, "start"];
    picture += svg.text(edge + side, panel.top + 26, "the insurer’s limit", "x-small", anchor);
    picture += svg.text(
      edge + side,
      panel.top + 44,
      `above: ${chance(1 - cdf(LIMIT, after.a, after.b))}`,
      "x-strong",
      anchor,
    );

    // The beam: two weights on it, and under it the point where it balances.
    const [prior, data, mean] = [state.mean, share, after.mean].map(panel.X);
    picture += svg.line(
      Math.min(prior, data) - 12,
      beam,
      Math.max(prior, data) + 12,
      beam,
      "x-ink",
    );
    picture += svg.line(mean, beam, mean, panel.bottom, "x-a x-thin");
    picture += svg.path(
      [
        [mean, beam + 2],
        [mean - 9, beam + 17],
        [mean + 9, beam + 17],
      ],
      "x-a x-full",
      "Z",
    );
    const weigh = (x, patients, way, name, look) => {
      const radius = size(patients);
      const room = way < 0 ? x - radius > 48 : x + radius < width - 48;
      const label = room
        ? svg.text(
            x + way * (radius + 7),
            beam - 6,
            name,
            `${look} x-strong`,
            way < 0 ? "end" : "start",
          )
        : svg.text(x, beam - 2 * radius - 5, name, `${look} x-strong`, "middle");
      return (
        svg.circle(x, beam - radius, radius, `${look} x-full`) +
        label +
        `<circle class="x-hand" cx="${x}" cy="${beam - radius}" r="26"/>`
      );
    };
    const way = prior < data ? 1 : -1;
    picture += weigh(prior, state.worth, -way, "prior", "x-gray");
    if (state.n) picture += weigh(data, state.n, way, "data", "x-c");
    const entries = [
      ["x-gray x-dash", "prior"],
      ["x-c x-dot", "likelihood, scaled"],
      ["x-a x-thick", "posterior"],
    ];
    picture += svg.legend(panel.left, panel.bottom + 58, width, entries);

    const interval = [0.03, 0.97].map((p) => (100 * quantile(p, after.a, after.b)).toFixed(1));
    const end = `The share lies between ${interval[0]} and ${interval[1]} % with probability 94 %, and above 20 % with probability <b>${chance(1 - cdf(LIMIT, after.a, after.b))}</b>.`;
    const says = state.n
      ? `The prior counts like ${plain(a)} of ${plain(state.worth)} patients, the data are ${y} of ${state.n}. Add: <b>Beta(${plain(after.a)}, ${plain(after.b)})</b>. ` +
        `Its mean, <b>${percent(after.mean)}</b>, has ${Math.round(100 * after.weight)} % of its weight from the prior. ${end}`
      : `No patients yet: the posterior is the prior, <b>Beta(${plain(after.a)}, ${plain(after.b)})</b>, with mean ${percent(after.mean)}. ${end}`;
    return { svg: picture, height, says };
  };

  const add = (state, back) => ({
    n: state.n + 1,
    share: Math.min(MOST, (count(state) + back) / (state.n + 1)),
  });
  const full = (state) => state.n >= 400;

  define("conjugate", {
    label:
      "A conjugate update. Densities of the prior, the likelihood and the posterior of a share; above them, prior and data as two weights on a beam that balances at the posterior mean.",
    controls: [
      range("mean", "Prior: expected share", [0.01, 0.45, 0.005], 0.1, percent),
      logRange("worth", "Prior: worth how many patients?", [2, 400], 20, plain),
      range("n", "Data: patients", [0, 400, 1], 190, (v) => String(v)),
      range(
        "share",
        "Data: came back",
        [0, MOST, 0.005],
        30 / 190,
        (v, state) => `${count(state)} of ${state.n}`,
        { off: (state) => state.n === 0 },
      ),
      { kind: "button", label: "+ 1 who came back", press: (state) => add(state, 1), off: full },
      { kind: "button", label: "+ 1 who did not", press: (state) => add(state, 0), off: full },
    ],
    draw,
    drag: {
      grab: (state, width, x, y) => {
        const { panel, beam } = layout(width);
        const share = state.n ? count(state) / state.n : state.share;
        const far = (v) => Math.hypot(panel.X(v) - x, beam - 14 - y);
        const nearest = far(state.mean) < far(share) ? "mean" : "share";
        return Math.min(far(state.mean), far(share)) < 30 && !(nearest === "share" && state.n === 0)
          ? nearest
          : null;
      },
      move: (state, width, x, y, held) => {
        const value = +layout(width).panel.unX(x).toFixed(3);
        return {
          [held]:
            held === "mean"
              ? Math.min(0.45, Math.max(0.01, value))
              : Math.min(MOST, Math.max(0, value)),
        };
      },
    },
  });
})();
