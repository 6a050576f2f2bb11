// The desk at which somebody reviews: one product after the other, and what is done with it.

import { h, replace } from "../../kit/elements.js";
import { announce, notify } from "../../kit/announce.js";
import { percent, t } from "../../kit/words.js";
import { categoryName, nameOfCode } from "../../client/taxonomy.js";
import { Problem } from "../../client/problem.js";
import { loading } from "../../parts/busy.js";
import { problemBox } from "../../parts/problem.js";
import { choices, search } from "./choices.js";
import { atTheEnd } from "./end.js";
import { productCard, productDetails, titleOf } from "./product.js";
import { ReviewQueue } from "./queue.js";
import { forgetSkipped, goBack, hasSteps, noteSkip, noteVerdict } from "./sitting.js";
import { give, isFull } from "./verdicts.js";

const SLOW_MILLISECONDS = 150; // from then on it is said that something is being fetched

export class ReviewDesk {
  element = h("div", { class: "review-desk" });
  #known;
  #filters;
  #signal;
  #onVerdict;
  #queue;
  #shown = null; // { item, page, given } that is looked at
  #note; // what has to be said about it
  #panel; // the choices, or the search in their place
  #turn = 0; // so that an answer that comes late is not shown in place of what came after it

  /** `known` are all categories; `onVerdict()` is called after each. */
  constructor({ known, signal, onVerdict }) {
    this.#known = known;
    this.#signal = signal;
    this.#onVerdict = onVerdict;
  }

  /** Begin with what waits with these filters, `{ job, code }`. The focus stays where it is, unless it was at the desk. */
  async begin(filters) {
    this.#filters = filters;
    this.#queue = new ReviewQueue(filters, this.#signal);
    this.#shown = null;
    await this.#advance(this.element.contains(document.activeElement));
  }

  /** What can be done with the product that is shown, by name: for buttons and keys. */
  steps = {
    choose: (number) => {
      const score = this.#shown?.item.top[number - 1];
      if (score) this.judge(score.code);
    },
    accept: () => this.judge(this.#shown?.item.category.code),
    skip: () => this.#skip(),
    back: () => this.#back(),
    search: () => this.#search(),
  };

  /** Say which category it is, and go on. */
  judge(code) {
    if (this.#shown === null) return;
    if (isFull()) {
      notify(t("review.wait_a_moment"));
      return;
    }
    const { item } = this.#shown;
    this.#shown = null;
    noteVerdict(item, code);
    give(item, code);
    this.#onVerdict();
    this.#advance();
  }

  /** Show a product once more, and what is shown now after it. */
  lookAgain(item) {
    this.#keepForLater();
    this.#show({ item, given: null });
  }

  /** Whoever has the focus no more has it on the choices. */
  focus() {
    const target = this.element.querySelector(".choice-button, .picker input") ?? this.element.querySelector("h2");
    target?.focus({ preventScroll: true });
    if (this.element.getBoundingClientRect().top < 0) this.element.scrollIntoView();
  }

  /** See whether what is shown and what comes next still wait. */
  async refresh() {
    const looked = this.#shown;
    const stillWaits = await this.#queue.refresh(looked);
    if (stillWaits || looked !== this.#shown) return;
    replace(this.#note, h("p", {}, t("review.done_elsewhere")));
    announce(t("review.done_elsewhere"));
  }

  async #advance(takesFocus = true) {
    const turn = (this.#turn += 1);
    const queue = this.#queue;
    const slow = setTimeout(() => turn === this.#turn && this.#put(loading()), SLOW_MILLISECONDS);
    try {
      const entry = await queue.next();
      if (turn !== this.#turn) {
        if (entry !== null) queue.putFirst(entry);
        return;
      }
      if (entry === null) this.#end(takesFocus);
      else this.#show({ ...entry, given: entry.given ?? null }, takesFocus);
    } catch (problem) {
      if (this.#signal.aborted || turn !== this.#turn) return;
      if (!(problem instanceof Problem)) throw problem;
      this.#put(problemBox(problem, () => this.#advance()));
      if (takesFocus) this.element.querySelector("button").focus();
    } finally {
      clearTimeout(slow);
    }
  }

  #show(entry, takesFocus = true) {
    this.#turn += 1;
    this.#shown = entry;
    const { item, given } = entry;
    this.#note = h("div", { class: "review-note" }, given === null ? null : h("p", {}, t("review.was_given", nameOfCode(given))));
    this.#panel = h("div", { class: "review-panel" });
    this.#put(productCard(item, this.#note), this.#panel, productDetails(item));
    this.#offer(takesFocus);
    announce(t("review.announced", titleOf(item), categoryName(item.category), percent(item.confidence, 0)));
  }

  #offer(takesFocus = true) {
    const { item, given } = this.#shown;
    const { skip, back, search: find } = this.steps;
    replace(this.#panel, choices(item, given, { judge: (code) => this.judge(code), skip, back: hasSteps() ? back : null, search: find }));
    if (takesFocus) this.focus();
  }

  #search() {
    if (this.#shown === null) return;
    const panel = search(this.#known, { judge: (code) => this.judge(code), cancel: () => this.#offer() });
    replace(this.#panel, panel.element);
    panel.open();
  }

  #skip() {
    if (this.#shown === null) return;
    noteSkip(this.#shown.item);
    this.#shown = null;
    this.#advance();
  }

  #back() {
    if (!hasSteps()) return;
    this.#keepForLater();
    this.#show(goBack());
  }

  #keepForLater() {
    if (this.#shown !== null) this.#queue.putFirst(this.#shown);
    this.#shown = null;
  }

  #end(takesFocus) {
    this.#shown = null;
    const again = () => {
      forgetSkipped(this.#filters);
      return this.begin(this.#filters);
    };
    const end = atTheEnd(this.#filters, { again, back: hasSteps() ? this.steps.back : null });
    this.#put(end);
    if (takesFocus) this.focus();
    announce(end.querySelector("h2").textContent);
  }

  #put(...content) {
    replace(this.element, content);
  }
}
