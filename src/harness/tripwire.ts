/**
 * The tripwire: in a simulation, ambient time, randomness, timers and I/O throw if the core reaches for them.
 *
 * The wrappers are installed once per run and check one flag, so that arming costs nothing per dispatch. The flag is
 * set only around `Core.dispatch`, and cleared in every port call: the world may use what the core may not.
 */
import childProcess from "node:child_process";
import crypto from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import fsPromises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import os from "node:os";
import { performance } from "node:perf_hooks";
import timers from "node:timers";

/** The core reached for something that would make two runs differ: a bug in the core. */
export class TripwireError extends Error {
  override readonly name = "TripwireError";
  /** What the core reached: `Date.now`, `fs.readFileSync`. */
  readonly reached: string;

  constructor(reached: string) {
    super(`the core reached ${reached} during a simulation`);
    this.reached = reached;
  }
}

let armed = false;

/** Arms or disarms the tripwire and returns whether it was armed. Has no effect while nothing is installed. */
export function setArmed(value: boolean): boolean {
  const before = armed;
  armed = value;
  return before;
}

type Restore = () => void;

let installs = 0;
let restores: Restore[] = [];

/** Installs the wrappers and returns a function that removes them. Counts installations, so that runs may nest. */
export function installTripwire(): () => void {
  if (installs++ === 0) {
    wrapDate();
    for (const [name, holder, keys] of TARGETS) wrapAll(name, holder, keys);
    syncBuiltinESMExports();
  }
  let installed = true;
  return () => {
    if (!installed) return;
    installed = false;
    if (--installs > 0) return;
    armed = false;
    for (const restore of restores.reverse()) restore();
    restores = [];
    syncBuiltinESMExports();
  };
}

type Target = readonly [name: string, holder: object, keys: readonly string[]];

/** Functions of `fs` that do I/O, in any version of Node: all except constructors and conversions. */
function functionNames(holder: object): readonly string[] {
  return Object.keys(holder).filter((key) => /^[a-z]/.test(key) && typeof Reflect.get(holder, key) === "function");
}

const TIMERS = ["setTimeout", "setInterval", "setImmediate"] as const;

const TARGETS: readonly Target[] = [
  ["", globalThis, [...TIMERS, "queueMicrotask", "fetch"]],
  ["timers", timers, TIMERS],
  ["process", process, ["nextTick", "hrtime", "uptime", "cpuUsage", "memoryUsage"]],
  ["process.hrtime", process.hrtime, ["bigint"]],
  ["Math", Math, ["random"]],
  ["performance", performance, ["now"]],
  ["crypto", crypto, ["randomBytes", "randomInt", "randomUUID", "randomFillSync"]],
  ["crypto", globalThis.crypto, ["getRandomValues", "randomUUID"]],
  ["fs", fs, functionNames(fs)],
  ["fs/promises", fsPromises, functionNames(fsPromises)],
  ["net", net, ["connect", "createConnection", "createServer"]],
  ["net.Socket", net.Socket.prototype, ["connect"]],
  ["net.Server", net.Server.prototype, ["listen"]],
  ["dgram", dgram, ["createSocket"]],
  ["dns", dns, ["lookup", "resolve", "resolve4", "resolve6"]],
  ["os", os, ["hostname", "networkInterfaces", "uptime", "freemem", "loadavg"]],
  ["child_process", childProcess, ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"]],
];

function wrapAll(name: string, holder: object, keys: readonly string[]): void {
  for (const key of keys) wrap(name === "" ? key : `${name}.${key}`, holder, key);
}

/** Wrappers, kept for the next installation: a process can install the tripwire hundreds of times. */
const wrappers = new WeakMap<object, object>();

/** A proxy keeps the function's properties (`process.hrtime.bigint`, `fs.realpath.native`) and how it is promisified. */
function wrapperOf(original: object, reached: string): object {
  const known = wrappers.get(original);
  if (known !== undefined) return known;
  const wrapper = new Proxy(original, {
    apply: (target, self, args) => {
      if (armed) throw new TripwireError(reached);
      if (typeof target !== "function") throw new TypeError(`${reached} is not a function`);
      const answer: unknown = Reflect.apply(target, self, args);
      return answer;
    },
  });
  wrappers.set(original, wrapper);
  return wrapper;
}

function wrap(reached: string, holder: object, key: string): void {
  const own = Object.getOwnPropertyDescriptor(holder, key);
  const original: unknown = Reflect.get(holder, key);
  if (typeof original !== "function") return;
  if (own !== undefined && own.configurable !== true && own.writable !== true) return;
  const value = wrapperOf(original, reached);
  put(holder, key, { value, writable: true, configurable: true, enumerable: own?.enumerable ?? false });
  restores.push(() => {
    if (own === undefined) Reflect.deleteProperty(holder, key);
    else Object.defineProperty(holder, key, own);
  });
}

/** Some properties are writable but not configurable: assigns those. */
function put(holder: object, key: string, descriptor: PropertyDescriptor): void {
  if (!Reflect.defineProperty(holder, key, descriptor)) Reflect.set(holder, key, descriptor.value);
}

/** `Reflect.construct` of a Date, typed. */
function construct(target: DateConstructor, args: unknown[], newTarget: NewableFunction): Date {
  const made: unknown = Reflect.construct(target, args, newTarget);
  if (made instanceof target) return made;
  throw new TypeError("the constructor of Date returned another object");
}

function wrapDate(): void {
  const original = globalThis.Date;
  const now = original.now;
  const trip = (): void => {
    if (armed) throw new TripwireError("new Date");
  };
  original.now = function tripwireNow(): number {
    if (armed) throw new TripwireError("Date.now");
    return now();
  };
  globalThis.Date = new Proxy(original, {
    construct(target, args, newTarget) {
      trip();
      return construct(target, args, newTarget);
    },
    apply(target) {
      trip();
      return target();
    },
  });
  restores.push(() => {
    globalThis.Date = original;
    original.now = now;
  });
}
