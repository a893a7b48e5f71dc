/** The words of the time line, in the order of the reference. */
import { acceptConnects } from "./accept-connects.js";
import { addDevice } from "./add-device.js";
import { address } from "./address.js";
import { aen } from "./aen.js";
import { allowHosts } from "./allow-hosts.js";
import { announce } from "./announce.js";
import { answers } from "./answers.js";
import { attributesAfter } from "./attributes-after.js";
import { avahi } from "./avahi.js";
import { bus } from "./bus.js";
import { busCall } from "./bus-call.js";
import { datagram } from "./datagram.js";
import { dhchap } from "./dhchap.js";
import { disk } from "./disk.js";
import { fabricsDevice } from "./fabrics-device.js";
import { failConnects } from "./fail-connects.js";
import { goodbye } from "./goodbye.js";
import { interfaceStep } from "./interface.js";
import { kill } from "./kill.js";
import { link } from "./link.js";
import { list } from "./list.js";
import { listener } from "./listener.js";
import { mdns } from "./mdns.js";
import { name } from "./name.js";
import { ncc } from "./ncc.js";
import { reload } from "./reload.js";
import { removeDevice } from "./remove-device.js";
import { removeFile } from "./remove-file.js";
import { removeInterface } from "./remove-interface.js";
import { renameInterface } from "./rename-interface.js";
import { resetDevice } from "./reset-device.js";
import { route } from "./route.js";
import { setEntries } from "./set-entries.js";
import { start } from "./start.js";
import { stop } from "./stop.js";
import { suspend } from "./suspend.js";
import { triggerDevice } from "./trigger-device.js";
import { uevents } from "./uevents.js";
import { unit } from "./unit.js";
import { unlist } from "./unlist.js";
import { wallClock } from "./wall-clock.js";
import { writeFile } from "./write-file.js";

export const STEPS = [
  link,
  route,
  interfaceStep,
  removeInterface,
  renameInterface,
  listener,
  address,
  name,
  uevents,
  attributesAfter,
  suspend,
  fabricsDevice,
  removeDevice,
  triggerDevice,
  resetDevice,
  addDevice,
  list,
  unlist,
  setEntries,
  ncc,
  aen,
  answers,
  failConnects,
  acceptConnects,
  dhchap,
  allowHosts,
  announce,
  goodbye,
  avahi,
  mdns,
  datagram,
  writeFile,
  removeFile,
  disk,
  start,
  stop,
  kill,
  reload,
  bus,
  busCall,
  unit,
  wallClock,
] as const;
