// A virtual machine with version 2 of cgroups, Docker, and an image to load: made anew when there is none.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PACKAGES =
  "linux-image-cloud-amd64,systemd,systemd-sysv,udev,dbus,docker.io,docker-cli,iproute2,iptables,ca-certificates";
/** The image is unpacked there, too. */
const DISK = "10G";
/** Without hardware that helps, everything takes twenty times as long. */
const TIMEOUT_MS = 90 * 60_000;

const UNIT = `[Unit]
After=docker.service
Wants=docker.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo loading; docker load --input /root/image.tar; bash /root/inside.sh "$(cat /root/image)"; echo POWEROFF; systemctl poweroff --force'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
`;

/** Errors: names what has to be installed. */
export function requirePrograms(): void {
  const missing = ["mmdebstrap", "qemu-system-x86_64", "mkfs.ext4"].filter(
    (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0,
  );
  if (missing.length > 0)
    throw new Error(
      `cannot make a virtual machine without ${missing.join(", ")}: apt-get install mmdebstrap qemu-system-x86 e2fsprogs`,
    );
  if (process.getuid?.() !== 0)
    throw new Error("cannot make the files of a virtual machine: run this as root");
}

/** Makes the machine's disk in `directory`. The system in it is kept for the next time. */
export function makeDisk(directory: string, image: string, script: string): void {
  const system = join(directory, "system");
  if (!existsSync(system)) {
    // Under its own name only when it is whole.
    const unfinished = `${system}.unfinished`;
    mkdirSync(directory, { recursive: true });
    rmSync(unfinished, { recursive: true, force: true });
    must("mmdebstrap", ["--variant=minbase", `--include=${PACKAGES}`, "trixie", unfinished]);
    renameSync(unfinished, system);
  }
  must("docker", ["save", "--output", join(system, "root/image.tar"), image]);
  writeFileSync(join(system, "root/image"), image);
  cpSync(script, join(system, "root/inside.sh"));
  writeFileSync(join(system, "etc/systemd/system/checks.service"), UNIT);
  const wanted = join(system, "etc/systemd/system/multi-user.target.wants");
  mkdirSync(wanted, { recursive: true });
  rmSync(join(wanted, "checks.service"), { force: true });
  must("ln", ["-s", "/etc/systemd/system/checks.service", join(wanted, "checks.service")]);
  const disk = join(directory, "disk.ext4");
  rmSync(disk, { force: true });
  must("mkfs.ext4", ["-q", "-d", system, disk, DISK]);
}

/** Runs it until it ends by itself; `onLine` gets what it says. Errors: it has not ended in time. */
export async function runMachine(directory: string, onLine: (line: string) => void): Promise<void> {
  const boot = join(directory, "system/boot");
  const find = (name: string) => join(boot, readdirSync(boot).find((it) => it.startsWith(name)) ?? name);
  const machine = spawn(
    "qemu-system-x86_64",
    [
      ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "4000", "-nographic", "-no-reboot"],
      ...["-drive", `file=${join(directory, "disk.ext4")},format=raw,if=virtio,cache=unsafe`],
      ...["-kernel", find("vmlinuz-"), "-initrd", find("initrd.img-")],
      ...["-append", "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const late = setTimeout(() => machine.kill("SIGKILL"), TIMEOUT_MS);
  for await (const line of createInterface({ input: machine.stdout })) onLine(line.trimEnd());
  clearTimeout(late);
}

function must(program: string, words: string[]): void {
  const { status } = spawnSync(program, words, { stdio: "inherit" });
  if (status !== 0) throw new Error(`cannot go on: ${program} ended with ${status}`);
}
