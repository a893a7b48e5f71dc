/** Scenarios that the bench generates: plain text in the scenario format, as a user would write it. */
import { parseScenario } from "../src/harness/scenario/parse.js";
import type { Scenario } from "../src/harness/scenario/types.js";

interface Shape {
  readonly title: string;
  readonly volumes: number;
  /** Discovery controllers, each of which lists all volumes. */
  readonly discoveryControllers?: number;
  readonly until: string;
  readonly timeline: readonly string[];
}

const VOLUMES_PER_SUBNET = 250;

export function volumeAddress(volume: number): string {
  return `10.${String(1 + Math.floor(volume / (250 * VOLUMES_PER_SUBNET)))}.${String(Math.floor(volume / VOLUMES_PER_SUBNET) % 250)}.${String(1 + (volume % VOLUMES_PER_SUBNET))}`;
}

const discoveryAddress = (index: number): string => `10.0.255.${String(254 - index)}`;
const discoveryId = (index: number): string => (index === 0 ? "dc" : `dc${String(index)}`);

function scenarioText({ title, volumes, discoveryControllers = 1, until, timeline }: Shape): string {
  const dcs = Array.from({ length: discoveryControllers }, (_, index) => index);
  const ids = Array.from({ length: volumes }, (_, volume) => `vol${String(volume)}`);
  const subsystems = ids.map(
    (id, volume) => `    - { id: ${id}, nqn: "nqn.2024-01.io.example:${id}", listen: "${volumeAddress(volume)}:4420" }`,
  );
  return `format: 1
title: ${title}
host:
  kernel: { version: "6.12", uevent-buffer: 100000 }
  interfaces: [{ name: eth0, mac: "52:54:00:00:00:01", addresses: [10.0.0.10/8] }]
  files:
    /etc/stas/stafd.conf: |
      [Global]
      ctrl-loss-tmo = -1
      [Controllers]
${dcs.map((dc) => `      controller = transport=tcp;traddr=${discoveryAddress(dc)};trsvcid=8009`).join("\n")}
    /etc/stas/stacd.conf: |
      [Global]
      ctrl-loss-tmo = -1
fabric:
  discovery-controllers:
${dcs.map((dc) => `    - { id: ${discoveryId(dc)}, listen: "${discoveryAddress(dc)}:8009", entries: [${ids.join(", ")}] }`).join("\n")}
  subsystems:
${subsystems.join("\n")}
timeline: ${timeline.length === 0 ? "[]" : `\n${timeline.join("\n")}`}
expect:
  - { at: ${until}, connected: [${["dc", ...ids.slice(0, 10)].join(", ")}] }
until: ${until}
`;
}

function parsed(shape: Shape): Scenario {
  const result = parseScenario(`bench: ${shape.title}`, scenarioText(shape));
  if (!result.ok) throw new Error(`the bench made a bad scenario: ${JSON.stringify(result.problems[0])}`);
  return result.scenario;
}

/** Everything is connected, and nothing happens. */
export function quiet(volumes: number, until: string): Scenario {
  return parsed({ title: `${String(volumes)} quiet volumes`, volumes, until, timeline: [] });
}

/** Once in ten minutes each volume's port is away for 30 s, one after another. */
export function flapping(volumes: number, minutes: number): Scenario {
  const timeline: { readonly at: number; readonly line: string }[] = [];
  for (let round = 0; round < minutes / 10; round++) {
    for (let volume = 0; volume < volumes; volume++) {
      const down = (round * 600 + 60) * 1000 + Math.floor((volume * 480_000) / volumes);
      const step = (at: number, state: string) => {
        timeline.push({
          at,
          line: `  - { at: ${String(at)}ms, listener: { id: vol${String(volume)}, state: ${state} } }`,
        });
      };
      step(down, "refuses");
      step(down + 30_000, "up");
    }
  }
  timeline.sort((one, other) => one.at - other.at);
  const lines = timeline.map(({ line }) => line);
  return parsed({
    title: `${String(volumes)} flapping volumes`,
    volumes,
    until: `${String(minutes)}m`,
    timeline: lines,
  });
}

/** Each discovery controller sends an AEN once a second, and its page is read again. Nothing else happens. */
export function storm(discoveryControllers: number, seconds: number): Scenario {
  const timeline: string[] = [];
  for (let second = 10; second < seconds; second++) {
    for (let dc = 0; dc < discoveryControllers; dc++) {
      timeline.push(`  - { at: ${String(second)}s, aen: ${discoveryId(dc)} }`);
    }
  }
  const title = `AENs of ${String(discoveryControllers)} discovery controllers`;
  return parsed({ title, volumes: 4, discoveryControllers, until: `${String(seconds)}s`, timeline });
}
