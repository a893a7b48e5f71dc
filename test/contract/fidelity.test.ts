/** Observations of real kernels are committed. The suite, the simulation and docs/fidelity.md must agree with them. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { expectedOn, isSame, observe, PORTS, type Row, runsOn } from "./behaviour.js";
import { COLUMNS, fidelityPage } from "./fidelity.js";
import { MEASURED_KERNELS, type MeasuredKernel } from "./host.js";
import { SimContractHost } from "./sim-host.js";
import { BEHAVIOURS } from "./suites.js";

const ROWS = z.array(z.strictObject({ port: z.enum(PORTS), name: z.string(), observed: z.array(z.string()) }));

function committed(kernel: MeasuredKernel): readonly Row[] {
  const path = new URL(`observed/${kernel}.contract.json`, import.meta.url);
  const rows = ROWS.parse(JSON.parse(readFileSync(path, "utf8")));
  // Behaviours that run in parallel finish in any order.
  return BEHAVIOURS.flatMap(({ port, name }) => rows.filter((row) => row.port === port && row.name === name));
}

async function simulate(kernel: MeasuredKernel): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const behaviour of BEHAVIOURS.filter((one) => runsOn(one, kernel))) {
    rows.push(await observe(behaviour, new SimContractHost(kernel)));
  }
  return rows;
}

const key = ({ port, name }: { readonly port: string; readonly name: string }): string => `${port}: ${name}`;

test("every behaviour has a unique name", () => {
  expect(new Set(BEHAVIOURS.map(key)).size).toBe(BEHAVIOURS.length);
});

test("every port has a suite", () => {
  expect([...new Set(BEHAVIOURS.map(({ port }) => port))].sort()).toEqual([...PORTS].sort());
});

describe.each(MEASURED_KERNELS)("the observations of kernel %s", (kernel) => {
  test("match what the suite expects of each behaviour", () => {
    const expected = BEHAVIOURS.filter((behaviour) => runsOn(behaviour, kernel));
    expect(committed(kernel)).toEqual(
      expected.map((behaviour) => ({
        port: behaviour.port,
        name: behaviour.name,
        observed: expectedOn(behaviour.expected, kernel),
      })),
    );
  });

  test("match the simulation, or differ for a reason that still holds", () => {
    for (const behaviour of BEHAVIOURS.filter((one) => one.differs !== undefined && runsOn(one, kernel))) {
      const { expected, differs } = behaviour;
      expect(differs?.reason.length, key(behaviour)).toBeGreaterThan(30);
      const simulated = differs === undefined ? [] : expectedOn(differs.simulated, kernel);
      expect(
        isSame(simulated, expectedOn(expected, kernel)),
        `${key(behaviour)}: the simulation no longer differs`,
      ).toBe(false);
    }
  });
});

test("docs/fidelity.md matches these runs (`npm run vitest -- test/contract --update` writes it)", async () => {
  const real = { "6.1": committed("6.1"), "6.12": committed("6.12") };
  const simulated = { "6.1": await simulate("6.1"), "6.12": await simulate("6.12") };
  const page = fidelityPage(real, simulated);
  await expect(page).toMatchFileSnapshot("../../docs/fidelity.md");

  expect(page.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
  const unbroken = page.replace(/\n {6}(?: {2})?/g, "");
  for (const { observed } of [...real["6.1"], ...real["6.12"], ...simulated["6.1"], ...simulated["6.12"]]) {
    for (const line of observed) expect(unbroken).toContain(line);
  }
});
