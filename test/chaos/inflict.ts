// Which code does which fault.
import { disturbDatabase, takeBrokerAway } from "./fault-backend.ts";
import { plantFiles } from "./fault-planted.ts";
import { freezeProcess, killProcess } from "./fault-process.ts";
import { exhaustMemory, fillRun, stallReader } from "./fault-resources.ts";
import { startSeconds } from "./fault-second.ts";
import { reload, stopMember } from "./fault-signal.ts";
import { holdSockets } from "./fault-sockets.ts";
import type { FaultSpec } from "./fault-table.ts";
import type { FaultReport } from "./observation.ts";
import type { Round } from "./round.ts";
import type { Subject } from "./subject.ts";

/** Does it, and resolves when it is over: from then on the subject has to recover. */
export const INFLICT: Record<FaultSpec["action"], (subject: Subject, round: Round) => Promise<FaultReport>> =
  {
    kill: killProcess,
    freeze: freezeProcess,
    database: disturbDatabase,
    broker: takeBrokerAway,
    reader: stallReader,
    disk: fillRun,
    memory: exhaustMemory,
    stop: stopMember,
    reload,
    second: startSeconds,
    plant: plantFiles,
    sockets: holdSockets,
  };
