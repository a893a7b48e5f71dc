/** All observers of a run as one. A hook calls only the observers that have it: most have few, and this is the hot path. */
import type { Hooks, Observer } from "../observers/observer.js";

type Hook<A extends readonly unknown[]> = (...args: A) => void;

/** Calls the observers in their order. */
export function watchedBy(observers: readonly Observer[]): Hooks {
  return {
    observed: all(observers.map((each) => each.observed?.bind(each))),
    dispatched: all(observers.map((each) => each.dispatched?.bind(each))),
    handled: all(observers.map((each) => each.handled?.bind(each))),
    called: all(observers.map((each) => each.called?.bind(each))),
    logged: all(observers.map((each) => each.logged?.bind(each))),
    acted: all(observers.map((each) => each.acted?.bind(each))),
    stepped: all(observers.map((each) => each.stepped?.bind(each))),
    crashed: all(observers.map((each) => each.crashed?.bind(each))),
    leaked: all(observers.map((each) => each.leaked?.bind(each))),
    rested: all(observers.map((each) => each.rested?.bind(each))),
    look: (at) => {
      for (const each of observers) if (each.looksAt?.includes(at) === true) each.look?.(at);
    },
    finish: all(observers.map((each) => each.finish?.bind(each))),
  };
}

function all<A extends readonly unknown[]>(hooks: readonly (Hook<A> | undefined)[]): Hook<A> {
  const given = hooks.filter((hook) => hook !== undefined);
  return (...args) => {
    for (const hook of given) hook(...args);
  };
}
