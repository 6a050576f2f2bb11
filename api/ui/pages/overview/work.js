// Work over time: how much was answered, and how long single products took.

import { h, replace } from "../../kit/elements.js";
import { dateTime, duration, number, t } from "../../kit/words.js";
import { legend } from "../../charts/legend.js";
import { lines } from "../../charts/lines.js";
import { reader } from "../../charts/reader.js";
import { stackedBars } from "../../charts/stacked_bars.js";
import { dataTable } from "../../parts/data_table.js";

const CHOICES = [1, 6, 24];
const TONES = { interactive: "interactive", bulk: "bulk" };
const REPORT_SECONDS = 10; // workers report so often: less than that says nothing about a rate

/** `{ element, update(history) }`; `chosen(hours)` is called when somebody wants other hours than these. */
export function workSection(hours, chosen) {
  const rows = reader(t("overview.throughput"));
  const times = reader(t("overview.latency"));
  const figures = h("div", {});
  const idle = h("p", { class: "fine", hidden: true }, t("overview.no_products"));
  const element = h("section", { class: "card stack" },
    h("div", { class: "section-head" }, h("h2", {}, t("overview.work")), choice(hours, chosen)),
    h("div", { class: "columns wide" },
      h("div", { class: "stack-small" }, h("h3", {}, t("overview.throughput")), rowsLegend(), rows.element),
      h("div", { class: "stack-small" }, h("h3", {}, t("overview.latency")), timesLegend(), times.element)),
    idle,
    h("details", { class: "figures-of" }, h("summary", {}, t("overview.as_table")), figures));
  let before = null;
  const update = (history) => {
    const now = JSON.stringify(history.points);
    if (now === before) return;
    before = now;
    rows.update(throughput(history));
    times.update(latency(history));
    idle.hidden = history.points.some(({ latency: { products } }) => products > 0);
    replace(figures, table(history));
  };
  return { element, update };
}

function choice(hours, chosen) {
  return h("fieldset", { class: "segments" },
    h("legend", { class: "unseen" }, t("overview.how_far_back")),
    CHOICES.map((each) => h("label", {},
      h("input", { type: "radio", name: "hours", value: each, checked: each === hours, onchange: () => chosen(each) }),
      h("span", {}, t("overview.hours", each)))));
}

/** The hours that an address asks for, of those that can be chosen. */
export function hoursOf(query) {
  const asked = Number(query.get("hours"));
  return CHOICES.includes(asked) ? asked : CHOICES[0];
}

function throughput(history) {
  const { points, seconds_per_point: width } = history;
  const lanes = points[0].lanes.map(({ lane }) => lane);
  const rates = points.map((point) => point.lanes.map(({ answered }) => answered / seconds(point, history)));
  const data = {
    starts: starts(history),
    step: width * 1000,
    series: lanes.map((lane, place) => ({ tone: TONES[lane], values: rates.map((each) => each[place]) })),
    marked: points.map((point) => errorsOf(point) > 0),
    format: (tick) => number(tick, 3),
  };
  const describe = (place) => {
    const each = lanes.map((lane, which) => t("overview.rate_of_lane", t(`overview.lane_${lane}`), rate(rates[place][which])));
    return [span(points[place], width), ...each, t("overview.errors_of", errorsOf(points[place]))].join(" · ");
  };
  return { starts: data.starts, describe, draw: (pixels, read) => stackedBars(data, pixels, read) };
}

function latency(history) {
  const { points, seconds_per_point: width } = history;
  const values = (name) => points.map((point) => point.latency[name]);
  const data = {
    starts: starts(history),
    step: width * 1000,
    series: [{ tone: "high", values: values("p95_seconds") }, { tone: "half", values: values("p50_seconds") }],
    format: (tick) => (tick === 0 ? "0" : duration(tick)),
  };
  const describe = (place) => {
    const { products, p50_seconds: half, p95_seconds: high } = points[place].latency;
    const times = products ? t("overview.times_of", duration(half), duration(high), products) : t("overview.no_product_then");
    return [span(points[place], width), times].join(" · ");
  };
  return { starts: data.starts, describe, draw: (pixels, read) => lines(data, pixels, read) };
}

function table({ points, seconds_per_point: width, ...history }) {
  const lanes = points[0].lanes.map(({ lane }) => lane);
  const end = true;
  return dataTable({
    label: t("overview.work_table"),
    columns: [
      { label: t("overview.time") },
      ...lanes.map((lane) => ({ label: t("overview.answered_of_lane", t(`overview.lane_${lane}`)), end })),
      { label: t("overview.per_second"), end }, { label: t("overview.errors"), end },
      { label: t("overview.products"), end }, { label: t("overview.half"), end }, { label: t("overview.high"), end },
    ],
    rows: points.toReversed().map((point) => {
      const answered = point.lanes.map((lane) => lane.answered);
      const sum = answered.reduce((before, each) => before + each, 0);
      const { products, p50_seconds: half, p95_seconds: high } = point.latency;
      const perSecond = rate(sum / seconds(point, { ...history, seconds_per_point: width }));
      return [span(point, width), ...answered.map((each) => number(each)), perSecond, number(errorsOf(point)), number(products), time(half), time(high)];
    }),
  });
}

/** How long a point has lasted: the last one has not ended. */
function seconds({ start }, { at, seconds_per_point: width }) {
  const lasted = (new Date(at) - new Date(start)) / 1000;
  return Math.min(Math.max(lasted, REPORT_SECONDS), width);
}

function starts({ points }) {
  return points.map(({ start }) => new Date(start).getTime());
}

function errorsOf({ lanes }) {
  return lanes.reduce((before, { errors }) => before + errors, 0);
}

function span({ start }, width) {
  const clock = (moment) => dateTime(moment, { hour: "2-digit", minute: "2-digit" });
  return t("overview.span", clock(start), clock(new Date(start).getTime() + width * 1000));
}

function rate(perSecond) {
  return number(perSecond, perSecond < 1 ? 2 : 1);
}

function time(seconds) {
  return seconds === null ? "–" : duration(seconds);
}

function rowsLegend() {
  return legend([
    { shape: "bar", tone: "interactive", text: t("overview.lane_interactive") },
    { shape: "bar", tone: "bulk", text: t("overview.lane_bulk") },
    { shape: "mark", tone: "bad", text: t("overview.with_errors") },
  ]);
}

function timesLegend() {
  return legend([{ shape: "line", tone: "half", text: t("overview.half") }, { shape: "line", tone: "high", text: t("overview.high") }]);
}
