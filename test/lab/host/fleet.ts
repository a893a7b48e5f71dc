/** Runs guests in parallel and collects their reports. */
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { KernelName } from "../check.js";
import { baseImage } from "./base-image.js";
import { pruneCache, runsFolder } from "./cache.js";
import { Hearing, type GuestPlan, type GuestReport, type Say } from "./hearing.js";
import { type Kernel, getKernel } from "./kernel.js";
import { packagesImage, writeProjectImage } from "./project-image.js";
import { type Machine, runGuest } from "./qemu.js";
import { Userland } from "./userland.js";

/** A busy host may spoil a guest's clock calibration more than once, and a guest's kernel may panic. */
const MAX_BOOTS = 3;

/** A bug of the guest's kernel, such as nvme_fcloop freeing a request that nvme_fc still answers. */
const PANIC = "Kernel panic - not syncing";

/** The parts of all guests, made once per run. */
export class Fleet {
  readonly #checkout: string;
  readonly #userland: Userland;
  readonly #folder: string;
  readonly #images = new Set<string>();
  readonly #kernels = new Map<KernelName, Promise<{ readonly kernel: Kernel; readonly base: string }>>();

  private constructor(checkout: string, userland: Userland) {
    this.#checkout = checkout;
    this.#userland = userland;
    mkdirSync(runsFolder(), { recursive: true });
    this.#folder = mkdtempSync(join(runsFolder(), "run-"));
    process.on("exit", () => this.#dropImages());
  }

  static async prepare(checkout: string): Promise<Fleet> {
    pruneCache();
    return new Fleet(checkout, await Userland.get());
  }

  get userland(): Userland {
    return this.#userland;
  }

  /** Prepares a guest's machine and its image, ready to boot. */
  async machine(plan: GuestPlan): Promise<Machine> {
    const { kernel, base } = await this.#kernel(plan.kernel);
    const folder = join(this.#folder, `${plan.kernel}-${plan.name}`);
    mkdirSync(folder, { recursive: true });
    const initrd = join(folder, "initrd");
    this.#images.add(initrd);
    const project = join(folder, "project.cpio");
    const job = {
      "job.json": JSON.stringify(plan.job),
      "node-options": (plan.nodeOptions ?? []).join(" "),
      limit: String(plan.limit),
    };
    writeProjectImage(this.#checkout, job, project);
    // The kernel unpacks concatenated archives on top of each other.
    copyFileSync(base, initrd);
    for (const part of [await packagesImage(this.#checkout), project]) appendFileSync(initrd, readFileSync(part));
    return {
      kernel,
      initrd,
      consoleFile: join(folder, "console.log"),
      resultsFile: join(folder, "results.log"),
      memoryMib: plan.memoryMib,
      cpus: plan.cpus,
      clock: plan.clock,
    };
  }

  /** Boots one guest and waits for its end. Boots it again if its clock is wrong, or if its kernel panics. */
  async run(plan: GuestPlan, say: Say): Promise<GuestReport> {
    const began = performance.now();
    const machine = await this.machine(plan);
    for (let boot = 1; ; boot += 1) {
      rmSync(machine.resultsFile, { force: true });
      const hearing = new Hearing(plan, say);
      const end = await runGuest(this.#userland, machine, plan.limit, (line) => hearing.line(line));
      const hasPanicked = readFileSync(machine.consoleFile, "utf8").includes(PANIC);
      if (hasPanicked) say(plan, `its kernel panicked at boot ${boot} of at most ${MAX_BOOTS}`);
      if ((end.kind === "stopped" || hasPanicked) && boot < MAX_BOOTS) continue;
      rmSync(machine.initrd, { force: true });
      return hearing.report(end, machine.consoleFile, (performance.now() - began) / 1000);
    }
  }

  /** Removes the run's files. Call it if nothing failed. */
  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Images are large, and every run makes new ones. */
  #dropImages(): void {
    for (const image of this.#images) rmSync(image, { force: true });
  }

  #kernel(name: KernelName): Promise<{ readonly kernel: Kernel; readonly base: string }> {
    const known = this.#kernels.get(name);
    if (known !== undefined) return known;
    const made = getKernel(name, this.#userland).then(async (kernel) => {
      const base = await baseImage(kernel, this.#userland, join(this.#checkout, "test/lab/guest/init"));
      return { kernel, base };
    });
    this.#kernels.set(name, made);
    return made;
  }
}
