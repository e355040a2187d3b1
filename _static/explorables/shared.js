/* What all explorables share: controls, a picture that is drawn anew for each state, and a sentence.
 *
 * An explorable is a list of controls and one function, `draw(state, width)`, which returns the picture
 * (SVG markup), its height and the sentence that says the same in words. Nothing else is kept: the
 * state is small, stands in the address (`?shrinkage=tau-5_data-hospitals`), and can be linked to.
 * Its mathematics stands apart, as pure functions in `explorables.math`, where tests hold it against
 * Python's.
 */
(() => {
  "use strict";

  /* Mathematics that more than one explorable needs -------------------------------------------- */

  const math = {
    /** Integrate a smooth function from `a` to `b` by Simpson's rule with an even number of cells. */
    simpson(f, a, b, cells) {
      const h = (b - a) / cells;
      let sum = f(a) + f(b);
      for (let i = 1; i < cells; i++) sum += (i % 2 ? 4 : 2) * f(a + i * h);
      return (sum * h) / 3;
    },

    /** Density of the Normal with a mean and a standard deviation. */
    normalPdf: (x, mean, sd) =>
      Math.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI)),

    /** Return `{uniform, normal}`, two functions that draw from one stream (mulberry32, Box-Muller). */
    random(seed) {
      let a = (seed * 0x9e3779b9) >>> 0;
      const uniform = () => {
        a = (a + 0x6d2b79f5) | 0;
        let t = Math.imul(a ^ (a >>> 15), 1 | a);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
      };
      const normal = () =>
        Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
      return { uniform, normal };
    },

    /** A rise of the energy by this much is a divergence, as in `companion.lessons.mcmc`. */
    DIVERGENT: 1000,

    /** Move a point `{q, p, slope}` by one leapfrog step; `slope` is the gradient at the position `q`. */
    leapfrogStep({ q, p, slope }, gradient, step) {
      const half = p.map((v, i) => v + (step / 2) * slope[i]);
      const there = q.map((v, i) => v + step * half[i]);
      const next = gradient(there);
      return { q: there, p: half.map((v, i) => v + (step / 2) * next[i]), slope: next };
    },

    /** The points of a trajectory, its start among them. */
    leapfrog(q, p, gradient, step, steps) {
      const points = [{ q, p, slope: gradient(q) }];
      for (let i = 0; i < steps; i++) points.push(math.leapfrogStep(points[i], gradient, step));
      return points;
    },

    /** Minus the log density, and half the squared length of the momentum. */
    energy: (target, { q, p }) => 0.5 * p.reduce((sum, v) => sum + v * v, 0) - target.logDensity(q),

    /** One transition of Hamiltonian Monte Carlo from `q`, with a given momentum and uniform number. */
    hmc(target, q, momentum, uniform, step, steps) {
      const points = math.leapfrog(q, momentum, target.gradient, step, steps);
      const error = math.energy(target, points[steps]) - math.energy(target, points[0]);
      const acceptance = Math.exp(Math.min(0, Number.isNaN(error) ? -Infinity : -error));
      const accepted = uniform < acceptance;
      const diverging = !(error <= math.DIVERGENT);
      return {
        q: accepted ? points[steps].q : q,
        points,
        error,
        acceptance,
        accepted,
        diverging,
        steps,
      };
    },

    /** The funnel of chapter 11, y ~ Normal(2, 3) and x ~ Normal(0, exp(y / 4)), at [x, y]. */
    funnel: {
      logDensity: ([x, y]) =>
        -0.5 * ((y - 2) / 3) ** 2 - 0.5 * x ** 2 * Math.exp(-y / 2) - y / 4 - Math.log(6 * Math.PI),
      gradient: ([x, y]) => {
        const precision = Math.exp(-y / 2);
        return [-x * precision, -(y - 2) / 9 - 0.25 + 0.25 * x ** 2 * precision];
      },
    },
  };

  /* Pictures: functions that return SVG markup. Colors and lines are classes, in picture.css ------ */

  const px = (v) => Math.round(Math.max(-9999, Math.min(9999, v)) * 10) / 10;
  const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

  const svg = {
    /** A text; `anchor` is start, middle or end. */
    text: (x, y, text, look = "", anchor = "start", more = "") =>
      `<text x="${px(x)}" y="${px(y)}" class="${look}" text-anchor="${anchor}" ${more}>${escaped(text)}</text>`,
    /** A straight line. */
    line: (x1, y1, x2, y2, look) =>
      svg.path(
        [
          [x1, y1],
          [x2, y2],
        ],
        look,
      ),
    /** A line through points. */
    path: (points, look, close = "") =>
      `<path class="${look}" d="M${points.map(([x, y]) => `${px(x)} ${px(y)}`).join("L")}${close}"/>`,
    /** Any number of dots of one size, as one element. */
    dots: (points, radius, look) =>
      `<path class="x-dots ${look}" stroke-width="${2 * radius}" d="${points
        .map(([x, y]) => `M${px(x)} ${px(y)}h0`)
        .join("")}"/>`,
    /** A circle, for the few dots that have an edge of their own. */
    circle: (x, y, radius, look) =>
      `<circle cx="${px(x)}" cy="${px(y)}" r="${px(radius)}" class="${look}"/>`,
    /** A rectangle. */
    rect: (x, y, width, height, look) =>
      `<rect x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="${px(Math.max(0, height))}" class="${look}"/>`,

    /** Samples of lines or dots with their names, side by side; a name that has no room begins a row. */
    legend(left, top, right, entries) {
      let [x, y] = [left, top];
      return entries
        .map(([look, text, dot]) => {
          const width = 42 + 6.7 * text.length;
          if (x > left && x + width - 14 > right) [x, y] = [left, y + 18];
          const sample = dot
            ? svg.circle(x + 11, y - 4, 5, look)
            : svg.line(x, y - 4, x + 22, y - 4, look);
          const entry = sample + svg.text(x + 28, y, text, "x-small");
          x += width;
          return entry;
        })
        .join("");
    },

    /**
     * A panel with axes: what it says in data coordinates, `X` and `Y` put into the picture.
     *
     * `box` is [left, top, right, bottom] of the plot in pixels; `x` and `y` are the limits; `xTicks`
     * and `yTicks` are lists of values, or of [value, label]. `inside(markup)` clips to the box.
     */
    panel({
      id,
      box: [left, top, right, bottom],
      x,
      y,
      xTicks = [],
      yTicks = [],
      xLabel,
      yLabel,
      title,
      grid,
    }) {
      const X = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (right - left);
      const Y = (v) => bottom - ((v - y[0]) / (y[1] - y[0])) * (bottom - top);
      const each = (ticks, mark) =>
        ticks.map((t) => (Array.isArray(t) ? mark(...t) : mark(t, t))).join("");
      let frame = each(
        xTicks,
        (v, label) =>
          svg.line(X(v), bottom, X(v), bottom + 4, "x-axis") +
          svg.text(X(v), bottom + 17, minus(label), "x-tick", "middle"),
      );
      frame += each(yTicks, (v, label) => {
        const rule = grid
          ? svg.line(left, Y(v), right, Y(v), "x-grid")
          : svg.line(left - 4, Y(v), left, Y(v), "x-axis");
        return rule + svg.text(left - 7, Y(v) + 4, minus(label), "x-tick", "end");
      });
      frame += svg.line(left, bottom, right, bottom, "x-axis");
      if (yTicks.length && !grid) frame += svg.line(left, top, left, bottom, "x-axis");
      if (xLabel) frame += svg.text((left + right) / 2, bottom + 35, xLabel, "x-label", "middle");
      if (yLabel) frame += svg.text(left, top - 8, yLabel, "x-label");
      if (title) frame += svg.text(left, top - (yLabel ? 26 : 10), title, "x-title");
      const inside = (markup) =>
        `<clipPath id="x-clip-${id}"><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></clipPath>` +
        `<g clip-path="url(#x-clip-${id})">${markup}</g>`;
      const points = (list) => list.map(([a, b]) => [X(a), Y(b)]);
      const unX = (p) => x[0] + ((p - left) / (right - left)) * (x[1] - x[0]);
      const unY = (p) => y[0] + ((bottom - p) / (bottom - top)) * (y[1] - y[0]);
      return { X, Y, unX, unY, frame, inside, points, left, top, right, bottom };
    },
  };

  const minus = (text) => String(text).replace(/^-/, "−");

  /* The address ---------------------------------------------------------------------------------- */

  const fits = (control, value) =>
    control.kind === "choice"
      ? Object.hasOwn(control.options, value)
      : value >= control.low && value <= control.high;

  /** Read a state from text such as `tau-5_data-hospitals`; what does not fit keeps its first value. */
  const parse = (text, controls) => {
    const state = Object.fromEntries(controls.filter((c) => c.key).map((c) => [c.key, c.value]));
    for (const part of (text ?? "").split("_")) {
      const [key, rest] = [part.slice(0, part.indexOf("-")), part.slice(part.indexOf("-") + 1)];
      const control = controls.find((c) => c.key === key);
      const value = control?.kind === "choice" || rest === "" ? rest : Number(rest);
      if (control && fits(control, value)) state[key] = value;
    }
    return state;
  };

  /** Write what differs from the first state; the opposite of `parse`. */
  const format = (state, controls) =>
    controls
      .filter((c) => c.key && state[c.key] !== c.value)
      .map(
        (c) =>
          `${c.key}-${typeof c.value === "number" ? +state[c.key].toPrecision(6) : state[c.key]}`,
      )
      .join("_");

  /* One explorable on a page --------------------------------------------------------------------- */

  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const build = (tag, look, parent, text = "") => {
    const element = document.createElement(tag);
    element.className = look;
    element.textContent = text;
    parent.append(element);
    return element;
  };

  const mount = (place, name, { label, controls, draw, drag }) => {
    const state = parse(new URLSearchParams(location.search).get(name), controls);
    const updates = [];
    const card = build("section", "x-card", place);
    card.setAttribute("aria-label", `Explorable: ${label}`);
    const bar = build("div", "x-controls", card);
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("class", "x-picture");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", label);
    card.append(picture);
    const says = build("p", "x-says", card);
    says.setAttribute("aria-live", "polite");
    const foot = build("p", "x-foot", card);
    let width = 0;
    let playing = 0;

    const show = () => {
      for (const update of updates) update();
      const drawn = draw(state, width);
      picture.setAttribute("viewBox", `0 0 ${width} ${drawn.height}`);
      picture.setAttribute("height", drawn.height);
      picture.innerHTML = drawn.svg;
      const words = drawn.says.replaceAll(" %", "\u00a0%");
      if (says.innerHTML !== words) says.innerHTML = words;
    };
    const set = (changes) => {
      Object.assign(state, changes);
      show();
      const url = new URL(location.href);
      const text = format(state, controls);
      if (text) url.searchParams.set(name, text);
      else url.searchParams.delete(name);
      url.hash = place.id;
      link.href = url;
      try {
        history.replaceState(history.state, "", url);
      } catch {
        /* some browsers refuse this on file://; the link still works */
      }
    };
    const stop = () => {
      if (!playing) return;
      cancelAnimationFrame(playing);
      playing = 0;
      says.setAttribute("aria-live", "polite");
      for (const update of updates) update();
    };

    const make = {
      range(control) {
        const row = build("div", "x-range", bar);
        const title = build("label", "", row);
        const input = build("input", "", row);
        const output = build("output", "", row);
        output.setAttribute("aria-live", "off"); // the sentence below the picture is what is read aloud
        const id = `x-${name}-${control.key}`;
        Object.assign(input, {
          type: "range",
          id,
          min: control.min,
          max: control.max,
          step: control.step,
        });
        title.htmlFor = id;
        output.htmlFor = id;
        const { to, from } = control;
        input.addEventListener("input", () => {
          const position = input.valueAsNumber; // before `stop`, which puts the slider where the state is
          stop();
          set({ [control.key]: to(position) });
        });
        updates.push(() => {
          title.innerHTML =
            typeof control.label === "function" ? control.label(state) : control.label;
          if (control.limit) input.max = control.limit(state);
          input.value = from(state[control.key]);
          output.textContent = control.show(state[control.key], state);
          input.setAttribute("aria-valuetext", output.textContent);
          input.disabled = control.off?.(state) ?? false;
          row.classList.toggle("x-off", input.disabled);
        });
      },
      choice(control) {
        const group = build("fieldset", "x-choice", bar);
        build("legend", "", group, control.label);
        for (const [value, text] of Object.entries(control.options)) {
          const option = build("label", "", group);
          const input = build("input", "", option);
          Object.assign(input, { type: "radio", name: `x-${name}-${control.key}`, value });
          build("span", "", option, text);
          input.addEventListener("change", () =>
            set({ [control.key]: value, ...control.then?.(value, state) }),
          );
          updates.push(() => (input.checked = state[control.key] === value));
        }
      },
      button(control) {
        const button = build("button", "x-button", bar, control.label);
        button.type = "button";
        button.addEventListener("click", () => set(control.press(state)));
        updates.push(() => (button.disabled = control.off?.(state) ?? false));
      },
      /** Moves a slider from its one end to the other; not offered to who prefers no motion. */
      play({ label: text, of, seconds }) {
        const button = build("button", "x-button x-play", bar, text);
        button.type = "button";
        const { key, min, max, to } = controls.find((c) => c.key === of);
        const begin = () => {
          const start = performance.now();
          says.setAttribute("aria-live", "off");
          const frame = (now) => {
            const part = Math.min(1, Math.max(0, (now - start) / 1000 / seconds));
            state[key] = to(min + part * (max - min));
            if (part < 1) {
              playing = requestAnimationFrame(frame);
              show();
            } else {
              stop();
              set({ [key]: to(max) });
            }
          };
          playing = requestAnimationFrame(frame);
        };
        button.addEventListener("click", () => (playing ? stop() : begin()));
        updates.push(() => {
          button.hidden = calm.matches;
          button.textContent = playing ? "Stop" : text;
        });
      },
    };
    for (const control of controls) make[control.kind](control);

    const reset = build("button", "x-button", foot, "Reset");
    reset.type = "button";
    reset.addEventListener("click", () => {
      stop();
      set(parse("", controls));
    });
    const link = build("a", "", foot, "Link to this state");
    link.href = location.href;

    if (drag) {
      let held = null;
      const at = (event) => {
        const box = picture.getBoundingClientRect();
        return [((event.clientX - box.left) / box.width) * width, event.clientY - box.top];
      };
      picture.addEventListener("pointerdown", (event) => {
        held = drag.grab(state, width, ...at(event));
        if (held === null) return;
        picture.setPointerCapture(event.pointerId);
        event.preventDefault();
        set(drag.move(state, width, ...at(event), held));
      });
      picture.addEventListener("pointermove", (event) => {
        if (held !== null) set(drag.move(state, width, ...at(event), held));
      });
      for (const end of ["pointerup", "pointercancel"])
        picture.addEventListener(end, () => (held = null));
    }

    calm.addEventListener("change", stop);
    new ResizeObserver(() => {
      const now = Math.round(picture.getBoundingClientRect().width);
      if (now && now !== width) {
        width = now;
        show();
      }
    }).observe(card);
    place.classList.add("x-on");
    width = Math.round(picture.getBoundingClientRect().width) || 300;
    show();
  };

  /* What scripts of explorables call -------------------------------------------------------------- */

  /** A control with a slider whose positions are the values themselves. */
  const range = (key, label, [low, high, step], value, show, more = {}) => ({
    kind: "range",
    key,
    label,
    low,
    high,
    min: low,
    max: high,
    step,
    value,
    show,
    to: (u) => u,
    from: (v) => v,
    ...more,
  });

  /** A control with a slider whose equal distances are equal ratios. */
  const logRange = (key, label, [low, high], value, show, more = {}) => ({
    ...range(key, label, [low, high, 1], value, show),
    min: 0,
    max: 100,
    to: (u) => +(low * (high / low) ** (u / 100)).toPrecision(3),
    from: (v) => (100 * Math.log(v / low)) / Math.log(high / low),
    ...more,
  });

  /** The button that draws again, with other random numbers. */
  const otherNumbers = {
    kind: "button",
    key: "seed",
    value: 1,
    low: 1,
    high: 99,
    label: "Other random numbers",
    press: (state) => ({ seed: (state.seed % 99) + 1 }),
  };

  /** Put an explorable into its place on this page. */
  const define = (name, spec) => {
    for (const place of document.querySelectorAll(`.explorable-${name}`)) mount(place, name, spec);
  };

  window.explorables = { math, svg, define, range, logRange, otherNumbers, minus };
})();
