// What Grafana takes for a dashboard: its own types, held together more tightly. Grafana leaves open what belongs to a
// type of panel, and what a query of Prometheus is.
import type {
  Dashboard as AnyDashboard,
  Panel as AnyPanel,
  DataQuery,
  DataSourceRef,
  FieldConfig,
  GraphFieldConfig,
  GridPos,
  RowPanel,
  TableFieldOptions,
} from "@grafana/schema";
import type { Options as BarGauge } from "@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts";
import type { Options as Stat } from "@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts";
import type {
  Options as StateTimeline,
  FieldConfig as StateTimelineField,
} from "@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts";
import type { Options as Table } from "@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts";
import type { Options as TimeSeries } from "@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts";

/** A type as JSON has it: a word instead of the member of an enumeration. */
type Json<T> = unknown extends T
  ? T
  : T extends string
    ? `${T}`
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

interface PrometheusQuery extends DataQuery {
  datasource: DataSourceRef;
  expr: string;
  legendFormat: string;
  format?: "time_series" | "table" | "heatmap";
  instant?: boolean;
}

interface Organize {
  id: "organize";
  options: {
    excludeByName: Record<string, boolean>;
    indexByName: Record<string, number>;
    renameByName: Record<string, string>;
  };
}

type Defaults<Custom> = Omit<FieldConfig, "custom"> & { custom?: Partial<Custom> };

/** The id of a property decides on its value: `unit` is a text, `custom.lineWidth` a number. */
type Property<Custom> =
  | { [Key in keyof FieldConfig]-?: { id: Key; value: Required<FieldConfig>[Key] } }[keyof FieldConfig]
  | {
      [Key in keyof Custom & string]-?: { id: `custom.${Key}`; value: Required<Custom>[Key] };
    }[keyof Custom & string];

interface Override<Custom> {
  matcher: { id: "byName" | "byRegexp" | "byFrameRefID"; options: string };
  properties: Property<Custom>[];
}

type Panel<Type extends string, Options, Custom> = Omit<
  AnyPanel,
  "type" | "options" | "fieldConfig" | "targets" | "transformations"
> & {
  type: Type;
  id: number;
  title: string;
  gridPos: GridPos;
  datasource: DataSourceRef;
  targets: PrometheusQuery[];
  transformations?: Organize[];
  options?: Partial<Options>;
  fieldConfig: { defaults: Defaults<Custom>; overrides: Override<Custom>[] };
};

type Panels =
  | RowPanel
  | Panel<"stat", Stat, Record<never, never>>
  | Panel<"bargauge", BarGauge, Record<never, never>>
  | Panel<"table", Table, TableFieldOptions>
  | Panel<"state-timeline", StateTimeline, StateTimelineField>
  | Panel<"timeseries", TimeSeries, GraphFieldConfig>;

/** `definition` is what the list of variables shows. */
type Variable = NonNullable<NonNullable<AnyDashboard["templating"]>["list"]>[number] & {
  definition?: string;
};

export type Dashboard = Json<
  Omit<AnyDashboard, "panels" | "templating"> & {
    panels: Panels[];
    templating: { list: Variable[] };
  }
>;
