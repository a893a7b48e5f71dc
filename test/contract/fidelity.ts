/** docs/fidelity.md: what real kernels and the simulation were seen to do, side by side. */
import { type Behaviour, isSame, type Observation, type PortName, PORTS, type Row, runsOn } from "./behaviour.js";
import { MEASURED_KERNELS, type MeasuredKernel } from "./host.js";
import { BEHAVIOURS } from "./suites.js";

/** Rows of every measured kernel. */
export type Seen = Readonly<Record<MeasuredKernel, readonly Row[]>>;

const AS_LEFT = "=";
const NOT_THERE = "-";

const INTRODUCTION = `# Fidelity

What the real adapters were seen to do on real kernels, and what the simulation does in their place. Made by the contract suite
([test/contract](../test/contract)) from its own runs, never by hand:

\`\`\`sh
npm run lab -- --all --only contract: --payloads test/contract/observed    # real kernels, in guests
npm run vitest -- test/contract --update                                   # the simulation, and this page
\`\`\`

\`npm test\` fails where the simulation does other than is written here, or where this page is not what those runs give; \`npm run lab\`
fails where a real kernel does. In a table \`=\` is what stands to its left: a behaviour with \`= =\` is the same everywhere. Numbers that
the kernel gives out as it likes are \`#\`, times are classes, because guests are emulated, and states of a controller that pass in
milliseconds are left out.
`;

const WHAT: Readonly<Record<PortName, string>> = {
  fabrics: "`/dev/nvme-fabrics`: connects and how they fail, the option line, admin commands.",
  sysfs: "`/sys/class/nvme`, handles on controllers, deletes, and what becomes of controllers that lose their peer.",
  udev: "Kernel events over netlink.",
  network: "Probes from user space, names, interfaces.",
  mdns: "Datagrams to and from the mDNS group, with a real avahi-daemon on the link.",
  dnssd: "Avahi over D-Bus.",
  clock: "Named timers.",
  store: "Files.",
  bus: "D-Bus, with a bus daemon of its own.",
  system: "The service manager.",
  log: "Standard error under systemd; in the simulation the trace.",
};

function find(rows: readonly Row[], { port, name }: Behaviour): Observation | undefined {
  return rows.find((row) => row.port === port && row.name === name)?.observed;
}

/** Text in a cell of a table. */
function cell(observed: Observation | undefined): string {
  if (observed === undefined) return NOT_THERE;
  const text = observed.map((line) => line.replace(/[&<|*]/g, (character) => `&#${String(character.charCodeAt(0))};`));
  return text.join("<br>");
}

function areSame(one: Observation | undefined, other: Observation | undefined): boolean {
  return one === undefined || other === undefined ? one === other : isSame(one, other);
}

/** What the simulation shows, by kernel where that makes a difference. */
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
  const summary = `${String(BEHAVIOURS.length)} behaviours were seen, ${counts}. The simulation does the same in all but ${String(differing.length)}:`;
  const reasons = differing.map(({ port, name, differs }) => `- ${port}, _${name}_: ${differs?.reason ?? ""}`);
  const sections = PORTS.map((port) => {
    const rows = BEHAVIOURS.filter((behaviour) => behaviour.port === port).map((one) => row(one, real, simulated));
    return [`## ${port}`, "", WHAT[port], "", HEAD, RULE, ...rows, ""].join("\n");
  });
  return [INTRODUCTION, summary, "", ...reasons, "", ...sections].join("\n");
}
