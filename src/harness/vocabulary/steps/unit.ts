import { line } from "../parts/scalars.js";
import { duration } from "../parts/times.js";
import { record } from "../record.js";
import { step } from "../word.js";

export const unit = step({
  key: "unit",
  target: "units",
  describe: "From now on, the jobs of a systemd unit take this long. A start during a start is lost, a restart is not.",
  example: 'unit: { name: "nvmf-connect@.service", takes: 5s }',
  says: record({ name: line("the name of a unit"), takes: duration }),
});
