/** The words of the world that a scenario begins with, in the order of the reference. */
import { answer } from "./answer.js";
import { discoveryController } from "./discovery-controller.js";
import { entry } from "./entry.js";
import { fabric } from "./fabric.js";
import { host } from "./host.js";
import { initialController } from "./initial-controller.js";
import { hostInterface } from "./interface.js";
import { kernel } from "./kernel.js";
import { link } from "./link.js";
import { listener } from "./listener.js";
import { mdnsFault } from "./mdns-fault.js";
import { nameAnswer } from "./name-answer.js";
import { network } from "./network.js";
import { responder } from "./responder.js";
import { route } from "./route.js";
import { subsystem } from "./subsystem.js";
import { ueventFault } from "./uevent-fault.js";

export const WORLD = [
  host,
  kernel,
  initialController,
  hostInterface,
  network,
  link,
  route,
  nameAnswer,
  responder,
  fabric,
  discoveryController,
  subsystem,
  listener,
  entry,
  answer,
  ueventFault,
  mdnsFault,
] as const;
