import Foundation
import Grants
import NIOSSL
import TestSupport
import Testing

@testable import Hub
@testable import HubSettings

/// Certificates that the real openssl made, and calls that the real curl makes with them.
struct CertificateTests {
    /// A directory with a certificate of the hub, two authorities, and a certificate of each.
    private struct Certificates {
        let folder: TemporaryDirectory

        init() throws {
            folder = try TemporaryDirectory()
            for (authority, names) in [
                ("hosts", ["web-1"]), ("proxies", ["proxy"]), ("hub", ["hub.test"]),
            ] {
                try run(
                    "req",
                    "-x509",
                    "-newkey",
                    "ed25519",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=\(authority) CA",
                    "-keyout",
                    path(authority + ".key"),
                    "-out",
                    path(authority + ".pem")
                )
                for name in names { try make(name, by: authority) }
            }
        }

        func path(_ name: String) -> String { folder.path + "/" + name }

        private func make(_ name: String, by authority: String) throws {
            try run(
                "req",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/O=Example/CN=\(name)",
                "-keyout",
                path(name + ".key"),
                "-out",
                path(name + ".csr")
            )
            let extensions = path("extensions")
            try "subjectAltName=DNS:\(name)".write(
                toFile: extensions,
                atomically: true,
                encoding: .utf8
            )
            try run(
                "x509",
                "-req",
                "-in",
                path(name + ".csr"),
                "-CA",
                path(authority + ".pem"),
                "-CAkey",
                path(authority + ".key"),
                "-CAcreateserial",
                "-days",
                "1",
                "-extfile",
                extensions,
                "-out",
                path(name + ".pem")
            )
        }

        private func run(_ arguments: String...) throws {
            let result = try Command.run(["openssl"] + arguments)
            guard result.status == 0 else { throw CommandFailure(result.errors) }
        }

        var settings: String {
            """
            proxy_user_header = "X-Remote-User"
            proxy_ca = "\(path("proxies.pem"))"
            [tls]
            certificate = "\(path("hub.test.pem"))"
            key = "\(path("hub.test.key"))"
            [hosts]
            client_ca = "\(path("hosts.pem"))"
            """
        }

        /// Calls /v1/me by the real curl, with the certificate of a name or none; its status and body.
        func me(_ port: Int, as name: String? = nil) async throws -> String {
            let files =
                name.map { ["--cert", path($0 + ".pem"), "--key", path($0 + ".key")] } ?? []
            let result = try await Blocking.command(
                [
                    "curl", "-s", "--cacert", path("hub.pem"), "--resolve",
                    "hub.test:\(port):127.0.0.1", "-H", "X-Remote-User: erin", "-H",
                    "Host: hub.test",
                    "-w", " %{http_code}", "https://hub.test:\(port)/v1/me",
                ] + files
            )
            return String(decoding: result.output, as: UTF8.self)
        }
    }

    @Test func `the certificate of the proxy, and no other, lets its header count`() async throws {
        let certificates = try Certificates()
        let hub = try await RunningHub(settings: certificates.settings)
        let port = hub.port
        let proxied = try await certificates.me(port, as: "proxy")
        #expect(proxied.contains("\"erin\"") && proxied.hasSuffix(" 200"), "\(proxied)")
        for name in ["web-1", nil] {
            let reply = try await certificates.me(port, as: name)
            #expect(reply.contains("\"malformed\"") && reply.hasSuffix(" 400"), "\(reply)")
        }
        #expect(
            try await certificates.me(port, as: "hub.test").hasSuffix(" 000"),
            "of no authority here"
        )
        try await hub.stop()
    }

    @Test func `names are read, and what is cut off has none`() throws {
        let certificates = try Certificates()
        let certificate = try #require(
            try TLSFiles.authorities(certificates.path("web-1.pem")).first?.toDERBytes()
        )
        let authority = try #require(
            try TLSFiles.authorities(certificates.path("hosts.pem")).first?.toDERBytes()
        )
        let names = try #require(CertificateNames(der: certificate))
        #expect(names.commonName == "web-1")
        #expect(names.issuer == CertificateNames(der: authority)?.subject)
        for count in 0..<certificate.count {
            #expect(CertificateNames(der: Array(certificate.prefix(count))) == nil)
        }
        for index in 0..<min(200, certificate.count) {
            var broken = certificate
            broken[index] ^= 0xFF
            _ = CertificateNames(der: broken)
        }
    }

    @Test func `no authority is that of both`() throws {
        let certificates = try Certificates()
        var configuration = HubConfiguration()
        configuration.proxy.authorities = certificates.path("hosts.pem")
        configuration.hosts.authorities = certificates.path("hosts.pem")
        #expect(throws: HubFailure.self) { try PeerReader(configuration) }
    }
}
