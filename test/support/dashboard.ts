// What a Grafana dashboard asks Prometheus.

interface Panel {
  title: string;
  targets?: { expr: string }[];
  panels?: Panel[];
}

/** Grafana's own variables, as it would fill them in. */
const VARIABLES: Record<string, string> = { $__rate_interval: "1m", $job: ".*", $instance: ".*" };

/** Every expression of a dashboard, given as its JSON. */
export function dashboardExpressions(json: string): string[] {
  return dashboardPanels(json).flatMap(({ expressions }) => expressions);
}

/** Every panel that asks something, and what it asks. */
export function dashboardPanels(json: string): { title: string; expressions: string[] }[] {
  const { panels } = JSON.parse(json) as { panels: Panel[] };
  const all = (list: readonly Panel[]): Panel[] =>
    list.flatMap((panel) => [panel, ...all(panel.panels ?? [])]);
  return all(panels).flatMap(({ title, targets = [] }) => {
    const expressions = targets.map(({ expr }) =>
      expr.replaceAll(/\$\w+/g, (name) => VARIABLES[name] ?? name),
    );
    return expressions.length > 0 ? [{ title, expressions }] : [];
  });
}

/** What a dashboard's variables are filled from: `label_values(metric, label)`. */
export function dashboardVariables(json: string): string[] {
  const { templating } = JSON.parse(json) as { templating: { list: { definition?: string }[] } };
  return templating.list.flatMap(({ definition }) => definition ?? []);
}
