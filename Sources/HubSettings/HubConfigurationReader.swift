import FetchSettings
import Grants
import StrictTOML

/// All that is wrong with a configuration, in the order of the file.
package struct HubConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    let file: String
    let problems: [TOMLProblem]

    /// A line for each problem, as compilers print them: `FILE:LINE:COLUMN: …`.
    package var description: String {
        problems.sorted { $0.position < $1.position }.map { "\(file):\($0)" }
            .joined(separator: "\n")
    }
}

extension HubConfiguration {
    /// Reads a configuration whose file name is only needed for messages.
    package init(parsing bytes: [UInt8], file: String) throws(HubConfigurationError) {
        let document: TOMLDocument
        do throws(TOMLProblem) {
            document = try TOMLDocument(bytes)
        } catch {
            throw HubConfigurationError(file: file, problems: [error])
        }
        let findings = TOMLFindings(document: document)
        let root = TOMLTable(document.root, at: TOMLPath(), findings: findings)
        self.init()
        HubConfigurationReader(file: root).read(into: &self)
        guard findings.problems.isEmpty else {
            throw HubConfigurationError(file: file, problems: findings.problems)
        }
    }
}

/// Reads the tables of a configuration.
private struct HubConfigurationReader {
    private static let keys = [
        "url", "approve_url", "listen", "tls", "store", "state", "allowed_signers", "inventory",
        "request_lifetime", "session_lifetime", "requests_per_person", "silent_after",
        "proxy_user_header", "proxy_ca", "metrics_from", "publish", "publish_ca",
        "publish_certificate", "publish_credentials", "hosts", "webhook",
    ]
    private static let day: Duration = .seconds(86_400)
    static let mostWebhooks = 32

    let file: TOMLTable

    func read(into configuration: inout HubConfiguration) {
        file.refuseAllBut(Self.keys, of: "this file")
        readURLs(into: &configuration.places)
        readPlaces(into: &configuration.places)
        readLimits(into: &configuration.limits)
        readTLS(into: &configuration.places)
        readProxy(into: &configuration)
        readHosts(into: &configuration)
        configuration.webhooks = webhooks()
    }

    private func readURLs(into places: inout HubConfiguration.Places) {
        if file.has("url") {
            file.value("url") { setting throws(TOMLValue.Refusal) in try setting.hubURL() }
                .map { places.url = $0 }
        } else {
            file.refuse(
                "url",
                "is missing",
                "write the URL that people type: url = \"https://hub.example.com\""
            )
        }
        places.approveURL = file.value("approve_url") { setting throws(TOMLValue.Refusal) in
            try setting.hubURL()
        }
        if let approve = places.approveURL, hostPart(approve) == hostPart(places.url) {
            file.refuse(
                "approve_url",
                "has the host of `url`",
                "give the page of passkeys a host of its own, such as approve.example.com"
            )
        }
    }

    private func hostPart(_ url: String) -> Substring {
        let authority = url.split(separator: "/").last ?? ""
        guard authority.first != "[" else { return authority.split(separator: "]")[0] }
        return authority.split(separator: ":").first ?? ""
    }

    private func readPlaces(into places: inout HubConfiguration.Places) {
        file.value("listen") { setting throws(TOMLValue.Refusal) in try setting.listenAddress() }
            .map { places.listen = $0 }
        file.value("store") { setting throws(TOMLValue.Refusal) in try setting.storePlace() }
            .map { places.store = $0 }
        file.path("state").map { places.state = $0 }
        file.path("allowed_signers").map { places.allowedSigners = $0 }
        places.inventory = file.path("inventory")
        readPublish(into: &places)
    }

    private func readPublish(into places: inout HubConfiguration.Places) {
        let place = file.value("publish") { setting throws(TOMLValue.Refusal) in
            try setting.publishPlace()
        }
        places.publish = place.map(HubConfiguration.Publish.init)
        places.publish?.authorities = file.path("publish_ca")
        places.publish?.certificate = file.path("publish_certificate")
        places.publish?.credentials = file.path("publish_credentials")
        if case .web = place { return }
        for key in ["publish_ca", "publish_certificate", "publish_credentials"] where file.has(key)
        {
            file.refuse(key, "needs a URL", "write publish = \"https://…\", or leave it out")
        }
    }

    private func readLimits(into limits: inout HubConfiguration.Limits) {
        let minute: Duration = .seconds(60)
        file.interval("request_lifetime", in: minute...(Self.day * 30))
            .map { limits.requestLifetime = $0 }
        file.interval("session_lifetime", in: minute...(Self.day * 7))
            .map { limits.sessionLifetime = $0 }
        file.interval("silent_after", in: minute...(Self.day * 7)).map { limits.silentAfter = $0 }
        file.value("requests_per_person") { setting throws(TOMLValue.Refusal) in
            try setting.integer(in: 1...1000)
        }
        .map { limits.requestsPerPerson = $0 }
        file.list("metrics_from", atMost: 64) { setting throws(TOMLValue.Refusal) in
            try setting.network()
        }
        .map { limits.metricsFrom = $0 }
    }

    private func readTLS(into places: inout HubConfiguration.Places) {
        let table = file.table("tls")
        table.refuseAllBut(["certificate", "key"], of: "[tls]")
        guard file.has("tls") else {
            if case .ip(let address, _) = places.listen, !address.isLoopbackAddress {
                file.refuse(
                    "listen",
                    "is \(QuotedText(address)), beyond this machine, and there is no [tls]",
                    "add certificate and key, or listen on 127.0.0.1, [::1] or a Unix socket"
                )
            }
            return
        }
        let (certificate, key) = (table.neededPath("certificate"), table.neededPath("key"))
        guard let certificate, let key else { return }
        places.tls = HubConfiguration.TLSFiles(certificate: certificate, key: key)
        if case .unix = places.listen {
            file.refuse("tls", "is of no use on a Unix socket", "leave it out")
        }
    }

    private func readProxy(into configuration: inout HubConfiguration) {
        configuration.proxy.userHeader = file.value("proxy_user_header") {
            setting throws(TOMLValue.Refusal) in try setting.headerName()
        }
        configuration.proxy.authorities = file.path("proxy_ca")
        if file.has("proxy_ca"), !file.has("tls") {
            file.refuse("proxy_ca", "needs [tls]", "name the certificate and key of the hub there")
        }
        if file.has("proxy_ca"), !file.has("proxy_user_header") {
            file.refuse("proxy_ca", "needs proxy_user_header", "name the header, or leave it out")
        }
        guard file.has("proxy_user_header"), !file.has("proxy_ca") else { return }
        if case .unix = configuration.places.listen { return }
        file.refuse(
            "proxy_user_header",
            "would be read from anybody",
            "listen on a Unix socket, listen = \"unix:/run/jitgate-hub/http\", or set proxy_ca"
        )
    }

    private func readHosts(into configuration: inout HubConfiguration) {
        let hosts = file.table("hosts")
        hosts.refuseAllBut(["client_ca", "inventory_token"], of: "[hosts]")
        configuration.hosts.authorities = hosts.path("client_ca")
        configuration.hosts.inventoryToken = hosts.path("inventory_token")
        if hosts.has("client_ca"), !file.has("tls") {
            hosts.refuse(
                "client_ca",
                "needs [tls]",
                "name the certificate and key of the hub there"
            )
        }
    }

    private func webhooks() -> [Webhook] {
        var names: Set<String> = []
        let tables = file.tables("webhook") ?? []
        if tables.count > Self.mostWebhooks {
            file.refuse("webhook", "is there \(tables.count) times", "at most 32 fit here")
        }
        return tables.prefix(Self.mostWebhooks).compactMap { table in
            guard let webhook = table.webhook() else { return nil }
            guard names.insert(webhook.name).inserted else {
                table.refuse("name", "is \(QuotedText(webhook.name)) again", "name each once")
                return nil
            }
            return webhook
        }
    }
}
