/** Tries the bus once, for `--check` and `--cleanup`. */
import { errnoName } from "../../../core/domain/errno.js";
import type { ServiceName } from "../../../core/ports/bus.js";
import { resolveBusAddresses, type BusAddress } from "./address.js";
import { SERVICES } from "./idl.js";
import { BUS_TIMING } from "./limits.js";
import { busCall, Link, type LinkLoss } from "./link.js";
import { rivalOn } from "./own-names.js";
import { rivalText, type Rival } from "../rivals.js";

interface BusTrial {
  readonly level: "ok" | "warning" | "error";
  /** A sentence; for a problem, with what to do about it. */
  readonly text: string;
}

const ADVICE =
  "Start dbus, or name another address with --bus. The services work without a bus, but no client can reach them, " +
  "and stac cannot ask a staf in another process";

/** Who owns names of the services; `problem`: why that is unknown, as a sentence without a full stop. */
export type Owners =
  | { readonly known: true; readonly rivals: readonly Rival[]; readonly address: BusAddress }
  | { readonly known: false; readonly level: "warning" | "error"; readonly problem: string };

/** Connects to the first address that answers, and checks that the names of the services are free. */
export async function tryBus(address: string | undefined, services: readonly ServiceName[]): Promise<BusTrial> {
  const owners = await findOwners(address, services);
  if (owners.known) return trialOf(owners.address, owners.rivals);
  if (owners.level === "error") return { level: "error", text: owners.problem };
  return { level: "warning", text: `${owners.problem}. ${ADVICE}` };
}

/** Asks the first address that answers who owns names of the services. */
export async function findOwners(address: string | undefined, services: readonly ServiceName[]): Promise<Owners> {
  const resolved = resolveBusAddresses(address, process.env);
  if (!resolved.ok) return { known: false, level: "error", problem: resolved.problem };
  const problems: string[] = [];
  for (const one of resolved.addresses) {
    const found = await askAt(one, (link) => ownersOf(link, services));
    if (found.ok) return { known: true, rivals: found.answer, address: one };
    problems.push(`${one.text} ${problemOf(found.loss)}`);
  }
  return { known: false, level: "warning", problem: `no D-Bus: ${problems.join("; ")}` };
}

/** Whether a name has an owner, or the bus can start one. */
export async function findName(address: string | undefined, name: string): Promise<"there" | "not there"> {
  const resolved = resolveBusAddresses(address, process.env);
  for (const one of resolved.ok ? resolved.addresses : []) {
    const asked = await askAt(one, async (link) => (await isOwned(link, name)) || (await canBeStarted(link, name)));
    if (asked.ok) return asked.answer ? "there" : "not there";
  }
  return "not there";
}

function canBeStarted(link: Link, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    link.call(busCall("ListActivatableNames", "", [], "as"), (result) => {
      const [names] = result.ok ? result.values : [];
      resolve(Array.isArray(names) && names.includes(name));
    });
  });
}

type Asked<T> = { readonly ok: true; readonly answer: T } | { readonly ok: false; readonly loss: LinkLoss };

/** Connects, asks and disconnects. */
function askAt<T>(address: BusAddress, ask: (link: Link) => Promise<T>): Promise<Asked<T>> {
  return new Promise((resolve) => {
    const ignore = (): void => undefined;
    const handlers = {
      up: (link: Link) => {
        void ask(link).then((answer) => {
          link.close();
          resolve({ ok: true, answer });
        });
      },
      down: (loss: LinkLoss) => {
        resolve({ ok: false, loss });
      },
      call: ignore,
      tooLarge: ignore,
      signal: ignore,
      unreadable: ignore,
    };
    new Link(address, handlers, BUS_TIMING);
  });
}

async function ownersOf(link: Link, services: readonly ServiceName[]): Promise<readonly Rival[]> {
  const names = services.map((service) => SERVICES[service].busName);
  const found = await Promise.all(names.map((name) => ownerOf(link, name)));
  return found.filter((rival) => rival !== undefined);
}

async function ownerOf(link: Link, name: string): Promise<Rival | undefined> {
  const owner = await new Promise<string | undefined>((resolve) => {
    link.call(busCall("GetNameOwner", "s", [name], "s"), (result) => {
      const unique = result.ok ? result.values[0] : undefined;
      resolve(typeof unique === "string" ? unique : undefined);
    });
  });
  return owner === undefined ? undefined : await rivalOn(link, name, owner);
}

function isOwned(link: Link, busName: string): Promise<boolean> {
  return new Promise((resolve) => {
    link.call(busCall("NameHasOwner", "s", [busName], "b"), (result) => {
      resolve(result.ok && result.values[0] === true);
    });
  });
}

function trialOf(address: BusAddress, rivals: readonly Rival[]): BusTrial {
  if (rivals.length === 0) return { level: "ok", text: `D-Bus answers at ${address.text}` };
  return { level: "error", text: rivals.map(rivalText).join("; ") };
}

function problemOf(loss: LinkLoss): string {
  switch (loss.kind) {
    case "errno":
      return `cannot be reached (${errnoName(loss.errno)})`;
    case "refused":
      return "refuses this user";
    case "silent":
      return "does not answer";
    case "closed":
    case "garbled":
    case "congested":
      return "is not a D-Bus";
  }
}
