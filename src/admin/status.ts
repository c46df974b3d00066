// What the control socket answers, as JSON.
import type { StateName } from "../supervise/service-state.ts";

export interface ServiceStatus {
  service: string;
  state: StateName;
  ready: boolean;
  pid?: number;
  restarts: number;
  exit_status?: number;
}

export interface Status {
  role: string;
  ready: boolean;
  draining: boolean;
  services: ServiceStatus[];
}
