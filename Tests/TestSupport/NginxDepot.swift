package import Foundation

/// A depot on nginx with TLS and client certificates, on loopback; whoever has one may write, too.
package final class NginxDepot {
    private let folder: TemporaryDirectory
    private var process: Process?
    private let port = Int.random(in: 20_000..<60_000)

    package var url: String { "https://127.0.0.1:\(port)/jitgate" }
    /// Keys of `[depot]` with which a host is known.
    package var keys: String { keys(certificate: "client") }

    package func keys(certificate: String, authority: String = "ca") -> String {
        "ca = \"\(path)/\(authority).pem\"\ncertificate = \"\(path)/\(certificate).pem\""
    }

    package var path: String { folder.path }

    private let takesReports: Bool

    /// - Parameters:
    ///   - server: the certificate that it shows.
    ///   - takesReports: whether a host may put its status.
    /// - Throws: if nginx or openssl fails.
    package init(server: String = "server", takesReports: Bool = true) throws {
        folder = try TemporaryDirectory()
        self.takesReports = takesReports
        try makeCertificates()
        for name in ["shelves/all", "files", "status"] {
            try FileManager.default.createDirectory(
                atPath: path + "/www/jitgate/" + name,
                withIntermediateDirectories: true
            )
        }
        try Data(configuration(server).utf8).write(to: URL(filePath: path + "/nginx.conf"))
        try start()
    }

    deinit { stop() }

    package func start() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/nginx")
        process.arguments = ["-p", path, "-c", path + "/nginx.conf", "-e", path + "/error.log"]
        try process.run()
        self.process = process
        try eventually { FileManager.default.fileExists(atPath: path + "/nginx.pid") }
    }

    /// Ends nginx: the master ends its worker by SIGTERM.
    package func stop() {
        guard let process else { return }
        if let text = try? String(contentsOfFile: path + "/nginx.pid", encoding: .utf8),
            let master = Int32(text.trimmingCharacters(in: .newlines))
        {
            Glibc.kill(master, SIGTERM)
        }
        process.waitUntilExit()
        self.process = nil
    }

    package var isRunning: Bool { process?.isRunning ?? false }

    /// Kills nginx at once, worker and master, as a power cut would.
    package func kill() throws {
        guard let process else { return }
        let (master, pidFile) = (process.processIdentifier, path + "/nginx.pid")
        let children = "/proc/\(master)/task/\(master)/children"
        // A worker would outlive its master, and serve on.
        let workers = (try? String(contentsOfFile: children, encoding: .utf8)) ?? ""
        for pid in [master] + workers.split(separator: " ").compactMap({ Int32($0) }) {
            Glibc.kill(pid, SIGKILL)
        }
        process.waitUntilExit()
        self.process = nil
        try? FileManager.default.removeItem(atPath: pidFile)
    }

    // MARK: objects

    package func writeIndex(_ lines: [String]) throws {
        try write(lines.joined(), to: "shelves/all/index")
    }

    /// Replaces an object by rename.
    package func write(_ text: String, to object: String) throws {
        let file = URL(filePath: path + "/www/jitgate/" + object)
        try Data(text.utf8).write(to: file, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    }

    package func setDate(of object: String, to date: Date) throws {
        let file = path + "/www/jitgate/" + object
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
    }

    /// Lines of `METHOD PATH STATUS IF-NONE-MATCH IF-MODIFIED-SINCE ACCEPT-ENCODING CONNECTION`.
    package var requests: [String] {
        get throws {
            try String(contentsOfFile: path + "/access.log", encoding: .utf8)
                .split(separator: "\n").map(String.init)
        }
    }

    private func configuration(_ server: String) -> String {
        """
        user root; worker_processes 1; daemon off; pid \(path)/nginx.pid;
        error_log \(path)/error.log warn;
        events { worker_connections 512; }
        http {
            log_format asked '$request_method $uri $status $http_if_none_match '
                '$http_if_modified_since $http_accept_encoding $connection';
            access_log \(path)/access.log asked;
            client_body_temp_path \(path)/t1; proxy_temp_path \(path)/t2; fastcgi_temp_path \(path)/t3;
            uwsgi_temp_path \(path)/t4; scgi_temp_path \(path)/t5;
            keepalive_timeout 75s;
            ssl_certificate \(path)/\(server).pem; ssl_certificate_key \(path)/\(server).pem;
            ssl_client_certificate \(path)/ca.pem; ssl_verify_client on;
            map $ssl_client_s_dn $host_name { "~CN=(?<name>[a-z0-9._-]+)" $name; }
            server {
                listen 127.0.0.1:\(port) ssl; root \(path)/www;
                location ~ ^/jitgate/((files|shelves)/|bulletin$) {
                    dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 2m;
                }
                \(takesReports ? reports : "")
            }
        }
        """
    }

    /// As docs/OPERATING.md has it.
    private var reports: String {
        """
        location ~ ^/jitgate/status/(?<reporter>[a-z0-9._-]+?)(\\.proof)?$ {
            if ($host_name != $reporter) { return 403; }
            dav_methods PUT; client_max_body_size 1m; limit_except PUT { deny all; }
        }
        """
    }

    // MARK: certificates

    /// The name of this host, which reports its status by the certificate `client`.
    private static var hostname: String {
        let name = try? String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
        return (name ?? "").trimmingCharacters(in: .newlines).lowercased()
    }

    /// Makes an authority and certificates: `server`, `stranger` (of another name), `client`, and
    /// `expired`, each with its key in one file.
    private func makeCertificates() throws {
        let script = """
            set -e; cd '\(path)'
            new() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
            new ca; openssl req -x509 -new -key ca.key -subj /CN=depot-ca -days 2 -out ca.pem
            : > index.txt; echo 01 > serial
            printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index.txt\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\n' > ca.conf
            printf 'policy=p\\nunique_subject=no\\ncopy_extensions=copy\\n[p]\\ncommonName=supplied\\n' >> ca.conf
            sign() { # NAME SUBJECT-ALTERNATIVE-NAME START END [COMMON-NAME]
                new $1; openssl req -new -key $1.key -subj /CN=${5:-$1} -addext subjectAltName=$2 -out $1.csr
                openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in $1.csr -out $1.crt \\
                    -notext -startdate $3 -enddate $4
                cat $1.crt $1.key > $1.pem
            }
            sign server IP:127.0.0.1 20200101000000Z 20400101000000Z
            sign stranger DNS:other.example.com 20200101000000Z 20400101000000Z
            sign client DNS:web-1 20200101000000Z 20400101000000Z '\(Self.hostname)'
            sign expired DNS:web-1 20200101000000Z 20200102000000Z
            """
        let made = try Command.run(["bash", "-c", script])
        guard made.status == 0 else { throw CommandFailure("openssl: \(made.errors)") }
    }
}
