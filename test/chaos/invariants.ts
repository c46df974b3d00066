// All that has to be true after every round.
import { accessLogged } from "./invariant-access.ts";
import { linesOnce, linesWhole } from "./invariant-lines.ts";
import { answersInSpiteOfPlants } from "./invariant-planted.ts";
import { staysSmallUnderPressure, tellsOfMemory } from "./invariant-pressure.ts";
import { judgeProcesses } from "./invariant-processes.ts";
import { requestsAnswered } from "./invariant-requests.ts";
import { secondIsHarmless } from "./invariant-second.ts";
import { bystandersLive, exitsInTime, servesAgain } from "./invariant-services.ts";
import { socketsClosed, socketsLogged } from "./invariant-sockets.ts";
import { tasksRun } from "./invariant-tasks.ts";
import type { Observation, Violation } from "./observation.ts";

const INVARIANTS: readonly ((observation: Observation) => Violation[])[] = [
  servesAgain,
  exitsInTime,
  bystandersLive,
  ({ samples }) => samples.flatMap(judgeProcesses),
  requestsAnswered,
  tasksRun,
  linesWhole,
  linesOnce,
  accessLogged,
  staysSmallUnderPressure,
  tellsOfMemory,
  secondIsHarmless,
  answersInSpiteOfPlants,
  socketsClosed,
  socketsLogged,
];

export function judge(observation: Observation): Violation[] {
  return INVARIANTS.flatMap((invariant) => invariant(observation));
}
