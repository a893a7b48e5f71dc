import { mac } from "../parts/addresses.js";
import { again, isRecord } from "../part.js";
import { step } from "../word.js";
import { hostInterface } from "../world/interface.js";

/** The MAC address that the file gives an interface of that name. */
function macOf(name: string, interfaces: readonly unknown[]): string | undefined {
  for (const one of interfaces) {
    if (isRecord(one) && one["name"] === name && typeof one["mac"] === "string") return one["mac"];
  }
  return undefined;
}

/** Not named `interface`, which is a reserved word. */
export const interfaceStep = step({
  key: "interface",
  target: "network",
  describe: "An interface appears, or its addresses change.",
  example: 'interface: { name: eth2, mac: "02:00:00:00:00:03", addresses: [10.0.0.1/8] }',
  says: again(hostInterface.part),
  complete: ({ mac: given, ...one }, { world, actions, complain }) => {
    const steps = actions.filter(({ kind }) => kind === "interface");
    const known = given ?? macOf(one.name, [...world.host.interfaces, ...steps]);
    if (known !== undefined) return { ...one, mac: known };
    complain(["mac"], "the MAC address of a new interface");
    return undefined;
  },
  arbitrary: (fc, cast) =>
    fc
      .tuple(hostInterface.part.arbitrary(fc, cast), mac.arbitrary(fc, cast))
      .map(([one, address]) => ({ ...one, mac: address })),
});
