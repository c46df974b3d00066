// Queues a bake, then asks the API until the worker has counted it.

const pollEveryMs = 500;
const giveUpAfterMs = 60_000;

const counter = document.querySelector("[data-baked-total]");

function show(state, kind, text) {
  state.dataset.state = kind;
  state.textContent = text;
}

const timesBaked = (count) => (count === 1 ? "baked once" : `baked ${count} times`);

async function bakeCount(id) {
  const response = await fetch("/api/cakes/");
  const { cakes } = await response.json();
  return cakes.find((cake) => cake.id === id)?.bake_count ?? 0;
}

async function bakeOne(id, before) {
  const response = await fetch(`/api/cakes/${id}/bake/`, { method: "POST" });
  if (!response.ok) throw new Error("the oven is out of order");
  const deadline = performance.now() + giveUpAfterMs;
  while (performance.now() < deadline) {
    const count = await bakeCount(id);
    if (count > before) return count;
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
  throw new Error("no baker has come yet");
}

for (const card of document.querySelectorAll("[data-cake]")) {
  const button = card.querySelector(".bake");
  const state = card.querySelector(".state");
  const id = Number(card.dataset.cake);
  button.addEventListener("click", async () => {
    const before = Number(card.dataset.count);
    button.disabled = true;
    show(state, "oven", "in the oven …");
    try {
      const count = await bakeOne(id, before);
      card.dataset.count = count;
      counter.textContent = Number(counter.textContent) + count - before;
      show(state, "baked", timesBaked(count));
    } catch (error) {
      show(state, "failed", error.message);
    } finally {
      button.disabled = false;
    }
  });
}
