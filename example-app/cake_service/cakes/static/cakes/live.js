// Shows what comes over the WebSocket of this address, and comes back whenever it has been closed.

const firstDelayMs = 250;
const longestDelayMs = 5_000;

const connection = document.querySelector("[data-connection]");
const oven = document.querySelector(".oven");
const empty = document.querySelector(".empty");

let delayMs = firstDelayMs;

function say(state, text) {
  connection.dataset.connection = state;
  connection.textContent = text;
}

const timesBaked = (count) => (count === 1 ? "baked once" : `baked ${count} times`);

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function lineOf({ id, name, bake_count, baked_at }) {
  const line = element("li");
  line.dataset.cake = id;
  line.dataset.count = bake_count;
  const time = element("time", { dateTime: baked_at, textContent: new Date(baked_at).toLocaleTimeString() });
  line.append(element("b", { textContent: name }), timesBaked(bake_count), time);
  return line;
}

function show({ cakes }) {
  oven.replaceChildren(...cakes.map(lineOf));
  empty.hidden = cakes.length > 0;
}

function connect() {
  const socket = new WebSocket(location.href.replace(/^http/, "ws").replace(/[?#].*/, ""));
  socket.addEventListener("open", () => {
    delayMs = firstDelayMs;
    say("open", "live");
  });
  socket.addEventListener("message", ({ data }) => show(JSON.parse(data)));
  socket.addEventListener("close", ({ code }) => {
    connection.dataset.closed = code;
    say("closed", "connecting again …");
    // Not all clients of a server that has been renewed at the same moment.
    setTimeout(connect, delayMs * (0.5 + Math.random()));
    delayMs = Math.min(2 * delayMs, longestDelayMs);
  });
}

connect();
