/** The part of a guest's file system that does not depend on the project: node, programs, modules, the init script. */
import { readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { cached, keyOf } from "./cache.js";
import { Tree } from "./cpio.js";
import type { Kernel } from "./kernel.js";
import type { Userland } from "./userland.js";

const LIBRARIES = "lib/x86_64-linux-gnu";

/** Programs of the userland, by their path in a guest. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "bin/udevadm": "bin/udevadm",
  "usr/bin/dbus-daemon": "usr/bin/dbus-daemon",
  "bin/ip": "bin/ip",
  "bin/rdma": "usr/bin/rdma",
  "usr/sbin/avahi-daemon": "usr/sbin/avahi-daemon",
  "usr/bin/avahi-publish-service": "usr/bin/avahi-publish-service",
};

const APPLETS =
  "sh mount umount ln mkdir rm cat ls echo insmod lsmod rmmod modprobe ifconfig dmesg sleep poweroff reboot grep sed awk " +
  "cut free uname stty ps kill unshare nsenter hexdump dd date hostname true false env tail head wc sort find mknod " +
  "cp mv chmod nc ping losetup id";

const TEXTS: Readonly<Record<string, string>> = {
  "etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\nmessagebus:x:100:100::/:/bin/false\navahi:x:101:101::/:/bin/false\n" +
    "nobody:x:65534:65534::/:/bin/false\n",
  "etc/group": "root:x:0:\ntty:x:5:\ndisk:x:6:\nmessagebus:x:100:\navahi:x:101:\nnogroup:x:65534:\n",
  "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
  "etc/os-release": 'PRETTY_NAME="stas lab"\nID=stas-lab\n',
};

/** Returns the archive, from the cache or newly built. */
export async function baseImage(kernel: Kernel, userland: Userland, init: string): Promise<string> {
  const key = keyOf([
    realpathSync(userland.root),
    kernel.vmlinux,
    process.version,
    process.execPath,
    readFileSync(init, "utf8"),
    PROGRAMS,
    APPLETS,
    TEXTS,
  ]);
  const folder = await cached(`base-${kernel.name}-${key}`, (making) => {
    const tree = new Tree();
    for (const folder of ["dev", "proc", "sys", "run", "tmp", "root", "usr/bin"]) tree.add(folder, { kind: "folder" });
    tree.add("usr/lib/x86_64-linux-gnu", { kind: "link", to: "../../lib/x86_64-linux-gnu" });
    addNode(tree);
    addPrograms(tree, userland);
    for (const [path, text] of Object.entries(TEXTS)) tree.add(path, { kind: "text", text });
    addModules(tree, kernel);
    tree.add("init", { kind: "copy", from: init, executable: true });
    tree.write(join(making, "base.cpio"));
  });
  return join(folder, "base.cpio");
}

/** Adds the node that runs this process, with its loaded libraries. */
function addNode(tree: Tree): void {
  tree.add("bin/node", { kind: "copy", from: process.execPath, executable: true });
  for (const library of loadedLibraries()) {
    const name = basename(library);
    const place = name.startsWith("ld-linux") ? `lib64/${name}` : `${LIBRARIES}/${name}`;
    tree.add(place, { kind: "copy", from: realpathSync(library), executable: true });
  }
}

function loadedLibraries(): readonly string[] {
  const report: unknown = process.report.getReport();
  if (typeof report !== "object" || report === null || !("sharedObjects" in report)) return [];
  const { sharedObjects } = report;
  if (!Array.isArray(sharedObjects)) return [];
  return sharedObjects.filter(
    (one): one is string => typeof one === "string" && /^\/.*\blib.*\.so\b/.test(one) && !one.endsWith(".node"),
  );
}

function addPrograms(tree: Tree, userland: Userland): void {
  tree.add("bin/busybox", { kind: "copy", from: join(userland.root, "bin/busybox"), executable: true });
  for (const applet of APPLETS.split(" ")) tree.add(`bin/${applet}`, { kind: "link", to: "busybox" });
  for (const [place, program] of Object.entries(PROGRAMS)) {
    tree.add(place, { kind: "copy", from: realpathSync(join(userland.root, program)), executable: true });
    for (const library of userland.libraries(program)) {
      const path = `${LIBRARIES}/${basename(library)}`;
      // All programs share node's C library.
      if (!tree.has(path)) tree.add(path, { kind: "copy", from: realpathSync(library), executable: true });
    }
  }
  tree.add("sbin/systemd-udevd", { kind: "link", to: "../bin/udevadm" });
  const rules = "lib/udev/rules.d/50-udev-default.rules";
  tree.add(`usr/${rules}`, { kind: "copy", from: join(userland.root, rules) });
  tree.add("lib/udev", { kind: "link", to: "../usr/lib/udev" });
}

function addModules(tree: Tree, kernel: Kernel): void {
  for (const file of kernel.modules) tree.add(`modules/${basename(file)}`, { kind: "copy", from: file });
  const order = kernel.modules.map((file) => `${basename(file)}\n`).join("");
  tree.add("modules/order", { kind: "text", text: order });
}
