import { type Fields, type Level, levelOf } from "../record.ts";
import { withoutAnsi } from "./ansi.ts";
import { addHttpFields } from "./http.ts";
import { fieldsOfSource } from "./json.ts";
import { parseGoogleLine, parseTornadoLine } from "./letters.ts";
import { parseHeadLine } from "./message.ts";
import { parsePairLine } from "./pairs.ts";
import { parseTaskMessage } from "./task.ts";

// gunicorn: [2026-11-24 02:30:58 +0000] [7] [INFO] Booting worker with pid: 9
const GUNICORN = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d+\] \[[A-Z]+\] /;
const GUNICORN_PID_AT = "[2026-11-24 02:30:58 +0000] [".length;
// celery: [2026-11-24 02:30:58,123: INFO/MainProcess] Task …
const CELERY = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: [A-Z]+\/[^\]]+\](?: |(?=\[))/;
const CELERY_LEVEL_AT = "[2026-11-24 02:30:58,123: ".length;

// nginx: 2026/11/24 02:30:58 [error] 12#12: *1 connect() failed …
const NGINX = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[([a-z]+)\] (\d+)#\d+: /;
// nginx before it has read its files: nginx: [emerg] bind() to …
const NGINX_EARLY = /^nginx: \[([a-z]+)\] /;
/** The last message of a command of click, Django or argparse. */
const COMMAND_ERROR = /^(?:(?:Command)?Error:(?: |$)|(?:[\w./-]+ ){0,3}[\w./-]+: error: )/;
/** celery's task format: [… INFO/ForkPoolWorker-1][cakes.bake(d9f2…)] said */
const CELERY_TASK = /^\[([\w.]+)\(([^()\s]{1,100})\)\] /;
const CELERY_LOGGER = /^\[([A-Za-z_]\w*(?:\.\w+)+)\] /;

const WARNING = /\b[A-Z]\w+Warning: /;

/** A line of text: level, PID and message where its format is known; else the whole line is the message. */
export function parseTextLine(line: string, fallback: Level): Fields {
  const text = withoutAnsi(line);
  const fields = readHead(text) ?? {
    level: text.includes("Warning: ") && WARNING.test(text) ? "warn" : fallback,
    msg: text,
  };
  return addHttpFields(fields);
}

function readHead(text: string): Fields | undefined {
  const first = text.charCodeAt(0);
  if (first === 0x5b)
    return readGunicorn(text) ?? readCelery(text) ?? parseTornadoLine(text) ?? parseHeadLine(text);
  const isDigit = first >= 0x30 && first <= 0x39;
  const isLetter = (first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a) || first === 0x5f;
  if (isDigit)
    return (text.charCodeAt(4) === 0x2f ? readNginx(NGINX, text) : undefined) ?? parseHeadLine(text);
  if (!isLetter) return first === 0x28 || first === 0x3c || first === 0x7b ? parseHeadLine(text) : undefined;
  if (text.startsWith("nginx: ")) return readNginx(NGINX_EARLY, text);
  const second = text.charCodeAt(1);
  if (second >= 0x30 && second <= 0x39) return parseGoogleLine(text) ?? parseHeadLine(text);
  return readPairs(text) ?? parseHeadLine(text) ?? readCommandError(text);
}

function readNginx(pattern: RegExp, text: string): Fields | undefined {
  const [head = "", word, pid] = pattern.exec(text) ?? [];
  const level = levelOf(word);
  if (level === undefined) return undefined;
  const msg = text.slice(head.length);
  return pid === undefined ? { level, msg } : { level, msg, pid: Number(pid) };
}

function readPairs(text: string): Fields | undefined {
  const pairs = parsePairLine(text);
  return pairs === undefined ? undefined : fieldsOfSource(pairs, "info");
}

function readCommandError(text: string): Fields | undefined {
  return text.includes("rror:") && COMMAND_ERROR.test(text) ? { level: "error", msg: text } : undefined;
}

function readGunicorn(text: string): Fields | undefined {
  if (!GUNICORN.test(text)) return undefined;
  const pidEnd = text.indexOf("]", GUNICORN_PID_AT);
  const levelEnd = text.indexOf("]", pidEnd + 1);
  const level = levelOf(text.slice(pidEnd + 3, levelEnd));
  if (level === undefined) return undefined;
  return { level, msg: text.slice(levelEnd + 2), pid: Number(text.slice(GUNICORN_PID_AT, pidEnd)) };
}

function readCelery(text: string): Fields | undefined {
  if (!CELERY.test(text)) return undefined;
  const levelEnd = text.indexOf("/", CELERY_LEVEL_AT);
  const processEnd = text.indexOf("]", levelEnd);
  const level = levelOf(text.slice(CELERY_LEVEL_AT, levelEnd));
  if (level === undefined) return undefined;
  const process = text.slice(levelEnd + 1, processEnd);
  const at = processEnd + (text.charCodeAt(processEnd + 1) === 0x20 ? 2 : 1);
  const msg = text.slice(at);
  if (text.charCodeAt(at) === 0x5b) return readCeleryPart({ level, msg, process });
  const task = parseTaskMessage(msg);
  return task === undefined ? { level, msg, process } : { level, msg, process, task };
}

/** Custom formats often have the task or the logger in brackets. */
function readCeleryPart(fields: Fields): Fields {
  const { msg } = fields;
  const [head = "", name, id] = CELERY_TASK.exec(msg) ?? CELERY_LOGGER.exec(msg) ?? [];
  if (name === undefined) return fields;
  const more = id === undefined ? { logger: name } : { task: { id, name } };
  return { ...fields, msg: msg.slice(head.length), ...more };
}
