/* Chapter 08: one day is moved, and the lines of a Normal and of a Student-t likelihood answer. */
(() => {
  "use strict";

  const { math, svg, define, range, logRange } = window.explorables;

  /* Mathematics: y_i ~ Normal(beta x_i, sigma) or t_nu(beta x_i, sigma), flat priors ------------- */

  const sum = (list, f) => list.reduce((total, v, i) => total + f(v, i), 0);
  const median = (list) => {
    const sorted = [...list].sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
  };

  /** Least squares: where the Normal likelihood is largest. */
  const normalFit = (x, y) => {
    const beta = sum(x, (v, i) => v * y[i]) / sum(x, (v) => v * v);
    return { beta, sigma: Math.sqrt(sum(x, (v, i) => (y[i] - beta * v) ** 2) / x.length) };
  };

  /** Log likelihood of the Student-t line, up to a constant that depends on nu only. */
  const logLikelihood = (x, y, nu, beta, sigma) =>
    -x.length * Math.log(sigma) -
    ((nu + 1) / 2) * sum(x, (v, i) => Math.log1p(((y[i] - beta * v) / sigma) ** 2 / nu));

  // Weigh each day by what it would weigh if this were the line; fit; repeat. The sum of the weights in
  // the place of their number leads to the same line in fewer rounds (Kent, Tyler and Vardi, 1994).
  const climb = (x, y, nu, beta, sigma) => {
    let weights = [];
    for (let round = 0; round < 2000; round++) {
      weights = x.map((v, i) => (nu + 1) / (nu + ((y[i] - beta * v) / sigma) ** 2));
      const next = sum(x, (v, i) => weights[i] * v * y[i]) / sum(x, (v, i) => weights[i] * v * v);
      const spread = Math.sqrt(
        sum(x, (v, i) => weights[i] * (y[i] - next * v) ** 2) / sum(weights, (w) => w),
      );
      const change = Math.abs(next - beta) / Math.abs(next) + Math.abs(spread - sigma) / spread;
      [beta, sigma] = [next, spread];
      if (change < 1e-14) break;
    }
    return { beta, sigma, weights, fit: logLikelihood(x, y, nu, beta, sigma) };
  };

  /** Mode of the posterior of the Student-t line, given nu: the higher of two peaks, if there are two. */
  const studentFit = (x, y, nu) => {
    const slope = median(x.map((v, i) => y[i] / v));
    const scale = 1.4826 * median(x.map((v, i) => Math.abs(y[i] - slope * v)));
    const start = normalFit(x, y);
    const [one, other] = [
      climb(x, y, nu, slope, Math.max(scale, 1e-3)),
      climb(x, y, nu, start.beta, start.sigma),
    ];
    return one.fit >= other.fit ? one : other;
  };

  /* The explorable -------------------------------------------------------------------------------- */

  // Ten ordinary days of the chapter's 195: every twentieth, in the order of their customers.
  const X = [35, 43, 52, 58, 66, 73, 79, 88, 93, 99];
  const SALES = [6347, 7765, 9555, 10157, 11782, 12787, 14430, 15761, 16715, 17535];
  math.robust = { normalFit, studentFit, logLikelihood, days: { x: X, y: SALES } };

  const MOST = 40_000;
  const SLOPES = [140, 235];
  const TRUTH = 180;

  const pesos = (v) => Math.round(v).toLocaleString("en-US");
  const index = (state) => Math.round(state.day) - 1;
  const sales = (state, moved = state.sales) =>
    SALES.map((v, i) => (i === index(state) ? moved : v));

  const layout = (width) => {
    const wide = width >= 620;
    const left = [46, 52, wide ? 0.56 * width : width - 34, wide ? 340 : 292];
    const top = wide ? 52 : left[3] + 112;
    return {
      left,
      right: [wide ? 0.56 * width + 96 : 46, top, width - 14, wide ? 340 : top + 170],
      height: (wide ? 340 : top + 170) + 44,
    };
  };

  const thousands = (values) => values.map((v) => [v, v ? `${v / 1000}k` : "0"]);
  const plot = (width) =>
    svg.panel({
      id: "robust",
      box: layout(width).left,
      x: [25, 104],
      y: [0, MOST],
      grid: true,
      xTicks: [30, 50, 70, 90],
      yTicks: thousands([0, 10_000, 20_000, 30_000, 40_000]),
      xLabel: "customers per day",
      title: "Ten days, two lines",
      yLabel: "sales (pesos)",
    });

  const draw = (state, width) => {
    const { right, height } = layout(width);
    const at = index(state);
    const y = sales(state);
    const [normal, student] = [normalFit(X, y), studentFit(X, y, state.nu)];

    const panel = plot(width);
    let picture = panel.frame;
    const ends = (beta) => panel.points([25, 104].map((v) => [v, beta * v]));
    picture += panel.inside(
      svg.path(ends(normal.beta), "x-a x-thick") + svg.path(ends(student.beta), "x-b x-thick"),
    );
    // Beside the lines, as bars: how far from its line each likelihood expects a day.
    [
      [normal, "x-a", 12],
      [student, "x-b", 23],
    ].forEach(([fit, look, offset]) => {
      const x = panel.right + offset;
      const [low, high] = [-1, 1].map((way) =>
        panel.Y(Math.min(MOST, Math.max(0, fit.beta * 104 + way * fit.sigma))),
      );
      picture += svg.line(x, low, x, high, `${look} x-thick`);
      for (const end of [low, high]) picture += svg.line(x - 4, end, x + 4, end, look);
    });
    picture += svg.text(panel.right + 17, panel.top - 8, "± σ", "x-small", "middle");
    picture += svg.line(
      panel.X(X[at]),
      panel.Y(SALES[at]),
      panel.X(X[at]),
      panel.Y(y[at]),
      "x-c x-thin x-dot",
    );
    picture += svg.circle(panel.X(X[at]), panel.Y(SALES[at]), 4, "x-c x-open x-thin");
    X.forEach((v, i) => {
      if (i === at) return;
      picture += svg.circle(panel.X(v), panel.Y(y[i]), 4.5, "x-ink x-full");
      picture += `<circle class="x-hand" cx="${panel.X(v)}" cy="${panel.Y(y[i])}" r="11"/>`;
    });
    picture += svg.circle(panel.X(X[at]), panel.Y(y[at]), 8, "x-c x-full");
    picture += `<circle class="x-hand" cx="${panel.X(X[at])}" cy="${panel.Y(y[at])}" r="24"/>`;
    picture += svg.legend(panel.right - 98, panel.bottom - 28, width, [["x-a x-thick", "Normal"]]);
    picture += svg.legend(panel.right - 98, panel.bottom - 10, width, [
      ["x-b x-thick", "Student-t"],
    ]);

    // What each slope would be, wherever this day were; more closely where it would be ordinary.
    const grid = Array.from({ length: 81 }, (_, i) => (i / 80) * MOST);
    for (let i = -25; i <= 25; i++) grid.push(Math.max(0, SALES[at] + 60 * i));
    grid.sort((a, b) => a - b);
    const answer = svg.panel({
      id: "robust-slopes",
      box: right,
      x: [0, MOST],
      y: SLOPES,
      grid: true,
      xTicks: thousands([0, 10_000, 20_000, 30_000, 40_000]),
      yTicks: [140, 160, 180, 200, 220],
      xLabel: "sales of that day (pesos)",
      title: "What it does to the slopes",
      yLabel: "pesos per customer",
    });
    picture += answer.frame;
    const curve = (fit) => grid.map((v) => [v, fit(X, sales(state, v), state.nu).beta]);
    picture += answer.inside(
      svg.line(answer.left, answer.Y(TRUTH), answer.right, answer.Y(TRUTH), "x-d x-thin x-dash") +
        svg.path(answer.points(curve(normalFit)), "x-a") +
        svg.path(answer.points(curve(studentFit)), "x-b"),
    );
    picture += svg.text(answer.left + 5, answer.Y(TRUTH) - 7, "truth", "x-d");
    picture += svg.line(
      answer.X(y[at]),
      answer.top,
      answer.X(y[at]),
      answer.bottom,
      "x-c x-thin x-dot",
    );
    picture +=
      svg.circle(answer.X(y[at]), answer.Y(normal.beta), 5.5, "x-a x-full") +
      svg.circle(answer.X(y[at]), answer.Y(student.beta), 5.5, "x-b x-full");

    const others = y.filter((_, i) => i !== at);
    const below = X.filter((v, i) => i !== at && y[i] < normal.beta * v).length;
    const weight = student.weights[at];
    const says =
      `The day with ${X[at]} customers sold for ${pesos(y[at])} pesos. <b>Normal</b>: ${normal.beta.toFixed(1)} pesos per customer, σ = ${pesos(normal.sigma)}; ` +
      `${below} of the ${others.length} other days lie below its line. <b>Student-t</b> with ν = ${+state.nu.toPrecision(2)}: ${student.beta.toFixed(1)}, scale ${pesos(student.sigma)}; ` +
      `in its fit the moved day weighs <b>${weight < 0.0005 ? "less than 0.001" : weight.toFixed(weight < 0.1 ? 3 : 2)}</b>, where a day on average weighs 1.`;
    return { svg: picture, height, says };
  };

  define("robust", {
    label:
      "Robust regression. Left, ten days with sales against customers and two lines, Normal and Student-t. Right, the slope of each line as one day’s sales move.",
    controls: [
      range(
        "sales",
        (state) => `Sales of the day with ${X[index(state)]} customers`,
        [0, MOST, 100],
        32_000,
        pesos,
      ),
      range("day", "Which day moves", [1, 10, 1], 3, (v) => `${Math.round(v)} of 10`),
      logRange("nu", "ν, degrees of freedom", [1, 100], 3, (v) =>
        v.toPrecision(2).replace("1.0e+2", "100"),
      ),
      {
        kind: "button",
        label: "Put the day back",
        press: (state) => ({ sales: SALES[index(state)] }),
      },
    ],
    draw,
    drag: {
      grab: (state, width, x, y) => {
        const panel = plot(width);
        const all = sales(state);
        const far = X.map((v, i) => Math.hypot(panel.X(v) - x, panel.Y(all[i]) - y));
        const nearest = far.indexOf(Math.min(...far));
        return far[nearest] < 26 ? nearest : null;
      },
      move: (state, width, x, y, held) => ({
        day: held + 1,
        sales: Math.min(MOST, Math.max(0, Math.round(plot(width).unY(y) / 100) * 100)),
      }),
    },
  });
})();
