"""A collector of journals: systemd's own programs, with the configuration of etc/journal-upload."""
import json
import pathlib
import re
import signal
import subprocess

from hosts import end, eventually, run

CONFIGURATION = pathlib.Path(__file__).resolve().parents[2] / "etc/journal-upload"
ADDRESS = "192.0.2.7"


class Authority:
    """Makes the certificates of hosts and collector."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=ca",
            "-keyout", folder / "ca.key", "-out", folder / "ca.pem")

    def issue(self, name, *names):
        """Puts NAME.key and NAME.pem there."""
        request = run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", self.folder / f"{name}.key")
        extensions = self.folder / f"{name}.extensions"
        extensions.write_text(f"subjectAltName={','.join(names or [f'DNS:{name}'])}\n")
        run("openssl", "x509", "-req", "-CA", self.folder / "ca.pem", "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", extensions, "-out", self.folder / f"{name}.pem", data=request.encode())


class Collector:
    """nginx and systemd-journal-remote in the client's namespace, and systemd-journal-upload on the hosts."""

    def __init__(self, scene):
        self.scene, self.output = scene, scene.folder / "remote"
        self.authority = Authority(scene.folder / "tls")
        self.authority.issue("collector", f"IP:{ADDRESS}")
        self.remote, self.nginx, self.uploads, self.etc = None, None, {}, {}
        self.output.mkdir()
        self.said = open(scene.folder / "collector.said", "w+b")

    def configured(self, file, changes):
        """The text of a file of etc/journal-upload with these changes."""
        text = (CONFIGURATION / file).read_text()
        for old, new in changes.items():
            if old not in text:
                raise AssertionError(f"{file} does not have {old}")
            text = text.replace(old, new)
        return text

    def start(self):
        """Starts nginx and, behind it, systemd-journal-remote by its socket."""
        listen = re.findall(r"ListenStream=(.+)", self.configured("systemd-journal-remote.socket.conf", {}))[-1]
        command = re.findall(r"ExecStart=(.+)", self.configured("systemd-journal-remote.service.conf", {
            "/var/log/journal/remote/": f"{self.output}/"}))[-1].split()
        self.remote = self.scene.client.start("systemd-socket-activate", "-l", listen, *command, stderr=self.said)
        site = self.configured("collector.nginx", {"/etc/ssl/jitgate/": f"{self.authority.folder}/"})
        place = self.scene.folder / "nginx.conf"
        place.write_text(f"daemon off;\nmaster_process off;\nuser root;\npid {self.scene.folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
                         f"http {{ access_log off; client_body_temp_path {self.scene.folder}/body;\n{site} }}\n")
        self.nginx = self.scene.client.start("nginx", "-c", place, stderr=self.said)
        eventually("the collector listens", lambda: re.search(r":19532\b.*:19533\b|:19533\b.*:19532\b",
                                                              self.scene.client.run("ss", "-Hltn").replace("\n", " ")))

    def stop(self):
        for process in [self.nginx, self.remote]:
            end(process)

    def upload(self, host):
        """Starts the upload of a host, as its unit does; it goes on where the last one ended."""
        if host.name not in self.etc:
            self.authority.issue(host.name)
            text = self.configured("journal-upload.conf", {
                "https://collector.example.com:19532": f"https://{ADDRESS}:19532",
                "/run/credentials/systemd-journal-upload.service/key.pem": f"{self.authority.folder}/{host.name}.key",
                "/etc/ssl/jitgate/host.pem": f"{self.authority.folder}/{host.name}.pem",
                "/etc/ssl/jitgate/": f"{self.authority.folder}/"})
            etc = self.scene.folder / f"etc-{host.name}"
            (etc / "journal-upload.conf.d").mkdir(parents=True)
            (etc / "journal-upload.conf.d/jitgate.conf").write_text(text)
            self.etc[host.name] = [*host.enter, "unshare", "--mount", "--propagation", "private", "sh", "-ec",
                                   f"mount --bind {etc} /etc/systemd; exec \"$@\"", "sh"]
        self.uploads[host.name] = subprocess.Popen([*self.etc[host.name], "/lib/systemd/systemd-journal-upload",
                                                    f"--save-state={self.scene.folder}/upload-{host.name}"], stderr=self.said)
        return self.uploads[host.name]

    def entries(self, *words):
        """What the collector has, as `journalctl -o json --all` prints it."""
        return run("journalctl", "-D", self.output, "-o", "json", "--all", "--no-pager", *words, check=False)

    def records(self, host):
        found = map(json.loads, self.entries(f"_MACHINE_ID={host.machine}", "SYSLOG_IDENTIFIER=jitgated", "_UID=0").splitlines())
        # (an upload that goes on sends the last entry once more)
        return list({record["JITGATE_SEQ"]: record for record in found if "JITGATE_SEQ" in record}.values())

    def has_all(self, host, count):
        eventually(f"the collector has {count} records of {host.name}; the programs said: {self.said.name}",
                   lambda: len(self.records(host)) >= count, 60)

    def close(self):
        for process in [*self.uploads.values(), self.nginx, self.remote]:
            end(process, signal.SIGKILL)
        self.said.close()
