/** docs/fidelity.md: the observed behaviour of real kernels and of the simulation, side by side. */
import { type Behaviour, isSame, type Observation, type PortName, PORTS, type Row, runsOn } from "./behaviour.js";
import { MEASURED_KERNELS, type MeasuredKernel } from "./host.js";
import { BEHAVIOURS } from "./suites.js";

/** Rows of every measured kernel. */
export type Seen = Readonly<Record<MeasuredKernel, readonly Row[]>>;

const AS_LEFT = "=";
const NOT_THERE = "-";

const INTRODUCTION = `# Fidelity

What the real adapters do on real kernels, and what the simulation does in their place. The contract suite
([test/contract](../test/contract)) generates this page from its own runs. Do not edit it:

\`\`\`sh
npm run lab -- --all --only contract: --payloads test/contract/observed    # real kernels, in guests
npm run vitest -- test/contract --update                                   # the simulation, and this page
\`\`\`

\`npm test\` fails if the simulation differs from this page, or if the page differs from those runs. \`npm run lab\` fails if a real
kernel differs. In a table, \`=\` means the same as the cell to its left, so \`= =\` means the same everywhere. \`#\` stands for a number
that differs from run to run. Times are classes, because guests are emulated. States of a controller that last only milliseconds are
left out.
`;

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

/** The text of a table cell. */
function cell(observed: Observation | undefined): string {
  if (observed === undefined) return NOT_THERE;
  const text = observed.map((line) => line.replace(/[&<|*]/g, (character) => `&#${String(character.charCodeAt(0))};`));
  return text.join("<br>");
}

function areSame(one: Observation | undefined, other: Observation | undefined): boolean {
  return one === undefined || other === undefined ? one === other : isSame(one, other);
}

/** What the simulation shows, per kernel if the kernels differ. */
function simulatedCell(behaviour: Behaviour, real: Seen, simulated: Seen): string {
  const kernels = MEASURED_KERNELS.filter((kernel) => runsOn(behaviour, kernel));
  const seen = kernels.map((kernel) => ({
    kernel,
    here: find(simulated[kernel], behaviour),
    there: find(real[kernel], behaviour),
  }));
  if (seen.every(({ here, there }) => areSame(here, there))) return AS_LEFT;
  const [first] = seen;
  if (first !== undefined && seen.every(({ here }) => areSame(here, first.here))) return cell(first.here);
  return seen.map(({ kernel, here }) => `${kernel}: ${cell(here)}`).join("<br>");
}

function row(behaviour: Behaviour, real: Seen, simulated: Seen): string {
  const [first, ...others] = MEASURED_KERNELS.map((kernel) => find(real[kernel], behaviour));
  const rest = others.map((observed) => (areSame(first, observed) ? AS_LEFT : cell(observed)));
  return `| ${[behaviour.name, cell(first), ...rest, simulatedCell(behaviour, real, simulated)].join(" | ")} |`;
}

const HEAD = `| behaviour | ${MEASURED_KERNELS.map((kernel) => `real ${kernel}`).join(" | ")} | simulated |`;
const RULE = `| --- | ${MEASURED_KERNELS.map(() => "---").join(" | ")} | --- |`;

/** The page. */
export function fidelityPage(real: Seen, simulated: Seen): string {
  const differing = BEHAVIOURS.filter((behaviour) => behaviour.differs !== undefined);
  const counts = MEASURED_KERNELS.map((kernel) => `${String(real[kernel].length)} on ${kernel}`).join(", ");
  const summary = `The suite has ${String(BEHAVIOURS.length)} behaviours, ${counts}. The simulation matches the kernels in all but ${String(differing.length)}:`;
  const reasons = differing.map(({ port, name, differs }) => `- ${port}, _${name}_: ${differs?.reason ?? ""}`);
  const sections = PORTS.map((port) => {
    const rows = BEHAVIOURS.filter((behaviour) => behaviour.port === port).map((one) => row(one, real, simulated));
    return [`## ${port}`, "", WHAT[port], "", HEAD, RULE, ...rows, ""].join("\n");
  });
  return [INTRODUCTION, summary, "", ...reasons, "", ...sections].join("\n");
}
