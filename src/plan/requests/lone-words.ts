// Variables about requests that say nothing, or the wrong thing, without another one. Pure.
import type { Problem } from "../../config/problem.ts";
import type { Config } from "../../config/variables.ts";
import type { Role } from "../plan.ts";

type Words = Pick<Config, "cacheBytes" | "cacheLock" | "proxyProtocol" | "trustedHeaders" | "trustedProxies">;

export function findLoneWords(config: Words, role: Role): Problem[] {
  const problems: Problem[] = [];
  const lacks = (variable: string, problem: string): void => void problems.push({ variable, problem });
  const trustsNobody = role === "web" && config.trustedProxies === undefined;
  if (config.proxyProtocol && trustsNobody) {
    lacks(
      "DJINIT_TRUSTED_PROXIES",
      `DJINIT_PROXY_PROTOCOL is set but DJINIT_TRUSTED_PROXIES is not: name the balancers that speak it, or anybody could say who the client is`,
    );
  }
  if (config.trustedHeaders !== undefined && trustsNobody) {
    lacks(
      "DJINIT_TRUSTED_PROXIES",
      `DJINIT_TRUSTED_HEADERS is set but DJINIT_TRUSTED_PROXIES is not: name the proxies that send them, or they count from anybody`,
    );
  }
  if (config.cacheLock !== undefined && config.cacheBytes === undefined) {
    lacks(
      "DJINIT_CACHE",
      `DJINIT_CACHE_LOCK is set but DJINIT_CACHE is not: say how much nginx may keep, such as 100m`,
    );
  }
  return problems;
}
