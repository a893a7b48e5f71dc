/** Loaded into a daemon before it starts (`--import`). Makes `require("koffi")` fail, as if koffi's binary did not load. */
import Module from "node:module";

const cannot = (): never => {
  throw new Error("this check keeps koffi from loading");
};

const resolve = Reflect.get(Module, "_resolveFilename") as (request: string, ...rest: unknown[]) => string;
Reflect.set(Module, "_resolveFilename", (request: string, ...rest: unknown[]) =>
  request === "koffi" ? cannot() : resolve(request, ...rest),
);
