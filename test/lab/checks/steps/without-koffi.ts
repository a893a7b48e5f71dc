/** Loaded into a daemon before it starts (`--import`): from here on `require("koffi")` fails, as where its binary does not load. */
import Module from "node:module";

const cannot = (): never => {
  throw new Error("koffi was made not to load");
};

const resolve = Reflect.get(Module, "_resolveFilename") as (request: string, ...rest: unknown[]) => string;
Reflect.set(Module, "_resolveFilename", (request: string, ...rest: unknown[]) =>
  request === "koffi" ? cannot() : resolve(request, ...rest),
);
