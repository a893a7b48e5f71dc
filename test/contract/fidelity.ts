/** docs/fidelity.md: the observed behaviour of real kernels and of the simulation, side by side. */
import { type Behaviour, isSame, type Observation, type PortName, PORTS, type Row, runsOn } from "./behaviour.js";
import { MEASURED_KERNELS, type MeasuredKernel } from "./host.js";
import { BEHAVIOURS } from "./suites.js";

/** Rows of every measured kernel. */
type Seen = Readonly<Record<MeasuredKernel, readonly Row[]>>;

/** The page is read in terminals, too. */
export const COLUMNS = 120;
/** Starts the rest of an observed line that is too long. */
const GOES_ON = "    ";

const WHAT_IT_IS =
  "What the real adapters do on real kernels, and what the simulation does in their place. The contract suite " +
  "([test/contract](../test/contract)) generates this page from its own runs. Do not edit it:";

const COMMANDS = `\`\`\`sh
npm run lab -- --all --only contract: --payloads test/contract/observed    # real kernels, in guests
npm run vitest -- test/contract --update                                   # the simulation, and this page
\`\`\``;

const HOW_TO_READ = [
  "`npm test` fails if the simulation differs from this page, or if the page differs from those runs. " +
    "`npm run lab` fails if a real kernel differs. `#` stands for a number that differs from run to run. Times are " +
    "classes, because guests are emulated. States of a controller that last only milliseconds are left out.",
  "If no kernel is named, both kernels and the simulation do the same. If one is named, the simulation of that " +
    "kernel does the same, unless `simulated` says what it does. A long line continues on the next one, indented by " +
    "four spaces.",
] as const;

const WHAT: Readonly<Record<PortName, string>> = {
  fabrics: "`/dev/nvme-fabrics`: connects and how they fail, the option line, admin commands.",
  sysfs: "`/sys/class/nvme`, handles on controllers, deletes, and controllers that lose their peer.",
  udev: "Kernel events over netlink.",
  network: "Probes from user space, names, interfaces.",
  mdns: "Datagrams to and from the mDNS group, with a real avahi-daemon on the link.",
  dnssd: "Avahi over D-Bus.",
  clock: "Named timers.",
  store: "Files.",
  bus: "D-Bus, with a separate bus daemon.",
  system: "The service manager.",
  log: "Standard error under systemd; in the simulation the trace.",
};

function find(rows: readonly Row[], { port, name }: Behaviour): Observation | undefined {
  return rows.find((row) => row.port === port && row.name === name)?.observed;
}

function areSame(one: Observation | undefined, other: Observation | undefined): boolean {
  return one === undefined || other === undefined ? one === other : isSame(one, other);
}

/** What was seen, and where; no label: everywhere. */
interface Sight {
  readonly label?: string;
  readonly observed: Observation;
}

/** Gathers the worlds that show the same under one label. */
function gathered(seen: readonly Required<Sight>[]): readonly Required<Sight>[] {
  const sights: Required<Sight>[] = [];
  for (const { label, observed } of seen) {
    const at = sights.findIndex((sight) => isSame(sight.observed, observed));
    const known = sights[at];
    if (known === undefined) sights.push({ label, observed });
    else sights[at] = { label: `${known.label}, ${label}`, observed };
  }
  return sights;
}

function sightsOf(behaviour: Behaviour, real: Seen, simulated: Seen): readonly Sight[] {
  const kernels = MEASURED_KERNELS.filter((kernel) => runsOn(behaviour, kernel));
  const there = kernels.map((kernel) => ({ label: kernel, observed: find(real[kernel], behaviour) ?? [] }));
  const here = kernels.map((kernel) => ({ label: kernel, observed: find(simulated[kernel], behaviour) ?? [] }));
  const sights = gathered(there);
  const [only] = sights;
  const differing = here.filter(({ observed }, index) => !areSame(observed, there[index]?.observed));
  if (
    only !== undefined &&
    sights.length === 1 &&
    kernels.length === MEASURED_KERNELS.length &&
    differing.length === 0
  ) {
    return [{ observed: only.observed }];
  }
  const others = gathered(differing).map(({ label, observed }) => ({ label: `simulated ${label}`, observed }));
  return [...sights, ...others];
}

/** Breaks an observed line before spaces or behind commas. Nothing is lost: a break and what indents it can be taken out. */
function broken(line: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let rest = line;
  for (let indent = ""; ; indent = GOES_ON) {
    const room = columns - indent.length;
    if (rest.length <= room) return [...lines, `${indent}${rest}`];
    const at = Math.max(rest.lastIndexOf(" ", room), rest.lastIndexOf(",", room - 1) + 1);
    const length = at > 0 ? at : room;
    lines.push(`${indent}${rest.slice(0, length)}`);
    rest = rest.slice(length);
  }
}

/** Breaks text between words. */
function filled(text: string, first = "", others = ""): readonly string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    const longer = line === first || line === others ? `${line}${word}` : `${line} ${word}`;
    if (longer.length <= COLUMNS) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = `${others}${word}`;
  }
  return [...lines, line];
}

/** An item of a list. */
function item(text: string): readonly string[] {
  return filled(text, "- ", "  ");
}

/** Lines of text as an item of a list shows them. */
function block(sights: readonly Sight[]): readonly string[] {
  const lines = sights.flatMap(({ label, observed }) => {
    const indent = label === undefined ? "  " : "    ";
    const text = observed.flatMap((line) => broken(line, COLUMNS - indent.length)).map((line) => `${indent}${line}`);
    return label === undefined ? text : [`  ${label}:`, ...text];
  });
  return ["", "  ```text", ...lines, "  ```", ""];
}

/** A behaviour: in one line where what was seen is one line everywhere, and there is room. */
function entry(behaviour: Behaviour, real: Seen, simulated: Seen): readonly string[] {
  const sights = sightsOf(behaviour, real, simulated);
  const [{ label, observed } = { observed: [] }] = sights;
  const [line] = observed;
  if (label === undefined && observed.length === 1 && line !== undefined && !line.includes("`")) {
    const short = `- ${behaviour.name}: \`${line}\``;
    if (short.length <= COLUMNS) return [short];
  }
  return [...item(`${behaviour.name}:`), ...block(sights)];
}

function section(port: PortName, real: Seen, simulated: Seen): string {
  const behaviours = BEHAVIOURS.filter((behaviour) => behaviour.port === port);
  const entries = behaviours.flatMap((behaviour) => entry(behaviour, real, simulated));
  const lines = [`## ${port}`, "", ...filled(WHAT[port]), "", ...entries];
  return `${lines.join("\n").trimEnd()}\n`;
}

/** The page. */
export function fidelityPage(real: Seen, simulated: Seen): string {
  const differing = BEHAVIOURS.filter((behaviour) => behaviour.differs !== undefined);
  const counts = MEASURED_KERNELS.map((kernel) => `${String(real[kernel].length)} on ${kernel}`).join(", ");
  const summary = `The suite has ${String(BEHAVIOURS.length)} behaviours, ${counts}. The simulation matches the kernels in all but ${String(differing.length)}:`;
  const reasons = differing.flatMap(({ port, name, differs }) => item(`${port}, _${name}_: ${differs?.reason ?? ""}`));
  return [
    ["# Fidelity", "", ...filled(WHAT_IT_IS), "", COMMANDS, ""],
    HOW_TO_READ.flatMap((paragraph) => [...filled(paragraph), ""]),
    [...filled(summary), "", ...reasons, ""],
    PORTS.map((port) => section(port, real, simulated)),
  ]
    .flat()
    .join("\n");
}
