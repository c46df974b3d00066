import { expect, test } from "vitest";
import { readLoad } from "../../bench/wrk.ts";

const PRINTED = `Running 2s test @ http://172.17.0.2:8000/json/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     8.31ms    6.22ms  60.41ms   82.15%
    Req/Sec     1.52k   201.31     1.80k    65.00%
  Latency Distribution
     50%  500.00us
     75%   10.20ms
     90%   15.41ms
     99%    1.04s
  3028 requests in 2.00s, 1.01MB read
Requests/sec:   1512.35
Transfer/sec:    516.18KB
`;

test("reads the rate and the percentiles, in whatever unit they are printed", () => {
  expect(readLoad(PRINTED)).toEqual({ requestsPerSecond: 1512.35, p50Ms: 0.5, p99Ms: 1040 });
});

test("nothing answered is a rate of 0", () => {
  const nothing = PRINTED.replace("1512.35", "0.00").replace(/^ +\d+% .*$/gm, "     50%    0.00us");
  expect(readLoad(nothing)).toEqual({ requestsPerSecond: 0, p50Ms: 0, p99Ms: 0 });
});

test("an answer that is no success measures nothing", () => {
  expect(() => readLoad(`${PRINTED}  Non-2xx or 3xx responses: 3\n`)).toThrow("cannot measure requests");
  expect(() => readLoad("unable to connect to 172.17.0.2:8000 Connection refused")).toThrow("refused");
});
