/** Shows the progress of many scenarios: a bar on a terminal, plain lines elsewhere. */
import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  /** A scenario begins. */
  begin(title: string): void;
  /** Share of the present scenario that is done, 0 to 1. */
  moved(share: number): void;
  /** The present scenario ended; `line` says how. */
  end(line: string): void;
  stop(): void;
}

/** Steps of the bar for each scenario. */
const STEPS = 100;

export function barProgress(count: number, stream: NodeJS.WriteStream): Progress {
  const format = "{bar} {done}/{count} {title}";
  const bar = new SingleBar(
    { format, stream, hideCursor: true, clearOnComplete: true, etaBuffer: 1 },
    Presets.shades_classic,
  );
  let done = 0;
  bar.start(count * STEPS, 0, { done, count, title: "" });
  return {
    begin: (title) => {
      bar.update(done * STEPS, { title });
    },
    moved: (share) => {
      bar.update(Math.floor((done + share) * STEPS));
    },
    end: () => {
      done += 1;
      bar.update(done * STEPS, { done });
    },
    stop: () => {
      bar.stop();
    },
  };
}

/** One line per scenario, when it ends. */
export function lineProgress(write: (line: string) => void): Progress {
  return { begin: () => undefined, moved: () => undefined, end: write, stop: () => undefined };
}

export const SILENT_PROGRESS: Progress = lineProgress(() => undefined);
