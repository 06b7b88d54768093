import Admission
import StrictTOML

/// Reads a whole policy file into a configuration, and finds all that is wrong with it.
struct ConfigurationReader {
    static let tables = [
        "host", "grants", "inbox", "defaults", "port", "approver", "sessions", "webauthn", "audit",
        "state", "control", "freshness",
    ]
    static let keys = ["mode", "keep_existing", "hostname", "trusted"]

    /// The waits that are allowed, up to the longest retention.
    static let waits: ClosedRange<Duration> = .seconds(1)...(.seconds(36_600 * 86_400))

    let file: TOMLTable

    func configuration() -> Configuration {
        file.refuseAllBut(Self.keys + Self.tables)
        var configuration = Configuration.defaults
        readTop(into: &configuration)
        readPorts(into: &configuration)
        readSessions(into: &configuration)
        readWebAuthn(into: &configuration)
        readAudit(into: &configuration)
        readGrants(into: &configuration)
        configuration.inboxes = InboxesReader(file: file, configuration: configuration).inboxes()
        configuration.policy.freshness = FreshnessReader(
            file: file,
            inboxes: configuration.inboxes
        ).rule()
        readControl(into: &configuration)
        configuration.policy.approvers = ApproversReader(file: file, policy: configuration.policy)
            .approvers()
        return configuration
    }

    private func readTop(into configuration: inout Configuration) {
        file.value("mode") { setting throws(TOMLValue.Refusal) in
            try setting.choice(of: [Mode.observe, .enforce])
        }.map { configuration.policy.mode = $0 }
        file.value("keep_existing") { setting throws(TOMLValue.Refusal) in
            try setting.existingSessionRule(in: RulesReader.drainLimits)
        }.map { configuration.policy.keepExisting = $0 }
        file.networks("trusted").map { configuration.policy.trusted = $0 }
        configuration.hostname = file.value("hostname") { setting throws(TOMLValue.Refusal) in
            try setting.hostname()
        }
        let host = file.table("host")
        host.refuseAllBut(["labels"])
        configuration.labels = host.labels("labels")
    }

    private func readPorts(into configuration: inout Configuration) {
        let defaults = file.table("defaults")
        defaults.refuseAllBut(RulesReader.keys)
        let rules = RulesReader(section: defaults).rules(inheriting: .defaults)
        configuration.policy.ports = PortsReader(file: file).ports(inheriting: rules)
    }

    private func readSessions(into configuration: inout Configuration) {
        let sessions = file.table("sessions")
        sessions.refuseAllBut(["warn"])
        sessions.durations("warn", in: RulesReader.durations, atMost: 8)
            .map { configuration.sessionWarnings = $0.sorted(by: >) }
    }

    private func readWebAuthn(into configuration: inout Configuration) {
        let webauthn = file.table("webauthn")
        webauthn.refuseAllBut(["origins", "synced"])
        webauthn.origins("origins").map { configuration.policy.passkeys.origins = $0 }
        webauthn.flag("synced").map { configuration.policy.passkeys.synced = $0 }
    }

    private func readGrants(into configuration: inout Configuration) {
        let grants = file.table("grants")
        grants.refuseAllBut(
            ["directories", "allowed_signers", "revoked_keys", "ended_files", "max_wait"]
        )
        grants.list("directories", atMost: 16) { setting throws(TOMLValue.Refusal) in
            try setting.path()
        }
        .map { configuration.grantDirectories = $0 }
        grants.path("allowed_signers").map { configuration.allowedSigners = $0 }
        configuration.revokedKeys = grants.path("revoked_keys")
        grants.value("ended_files") { setting throws(TOMLValue.Refusal) in
            try setting.choice(of: [EndedFiles.remove, .keep])
        }.map { configuration.endedFiles = $0 }
        grants.value("max_wait") { setting throws(TOMLValue.Refusal) in
            try setting.span(in: Self.waits)
        }.map { configuration.policy.maxWait = $0 }
        PathConflicts(grants: grants, configuration: configuration).find()
    }

    private func readAudit(into configuration: inout Configuration) {
        let audit = file.table("audit")
        audit.refuseAllBut(
            ["directory", "denied_per_second", "log_group"]
                + ["segment_size", "segment_age", "retention", "strangers_per_day", "keep_free"]
        )
        readSegments(audit, into: &configuration)
        readBounds(audit, into: &configuration)
        audit.path("directory").map { configuration.auditDirectory = $0 }
        audit.value("log_group") { setting throws(TOMLValue.Refusal) in
            try setting.integer(in: 0...65_535)
        }.map { configuration.logGroup = UInt16($0) }
        let state = file.table("state")
        state.refuseAllBut(["directory"])
        state.path("directory").map { configuration.stateDirectory = $0 }
    }

    private func readBounds(_ audit: TOMLTable, into configuration: inout Configuration) {
        audit.value("denied_per_second") { setting throws(TOMLValue.Refusal) in
            try setting.integer(in: 1...1000)
        }.map { configuration.deniedPerSecond = $0 }
        audit.value("strangers_per_day") { setting throws(TOMLValue.Refusal) in
            try setting.size(in: 1 << 20...1024 << 30)
        }.map { configuration.strangersPerDay = $0 }
        audit.value("keep_free") { setting throws(TOMLValue.Refusal) in
            try setting.size(in: 1 << 20...1024 << 30)
        }.map { configuration.keepFree = $0 }
    }

    private func readSegments(_ audit: TOMLTable, into configuration: inout Configuration) {
        audit.value("segment_size") { setting throws(TOMLValue.Refusal) in
            try setting.size(in: 64 << 10...1024 << 30)
        }.map { configuration.segmentSize = $0 }
        audit.value("segment_age") { setting throws(TOMLValue.Refusal) in
            try setting.days(in: 1...3660)
        }.map { configuration.segmentAge = $0 }
        audit.value("retention") { setting throws(TOMLValue.Refusal) in
            try setting.daysOrForever(in: 1...36_600)
        }.map { configuration.retention = $0 }
    }

    private func readControl(into configuration: inout Configuration) {
        let control = file.table("control")
        control.refuseAllBut(["socket", "group"])
        // sun_path of unix(7) holds 108 bytes, the last of them a NUL.
        control.value("socket") { setting throws(TOMLValue.Refusal) in
            try setting.path(longest: 107)
        }.map { configuration.controlSocket = $0 }
        control.value("group") { setting throws(TOMLValue.Refusal) in
            try setting.accountName(of: "group")
        }
        .map { configuration.controlGroup = $0 }
    }
}

extension Configuration {
    /// Reads a policy file whose name is only needed for messages.
    package init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
        let document: TOMLDocument
        do throws(TOMLProblem) {
            document = try TOMLDocument(bytes)
        } catch {
            throw ConfigurationError(file: file, problems: [error])
        }
        let findings = TOMLFindings(document: document)
        let root = TOMLTable(document.root, at: TOMLPath(), findings: findings)
        self = ConfigurationReader(file: root).configuration()
        guard findings.problems.isEmpty else {
            throw ConfigurationError(file: file, problems: findings.problems)
        }
    }

    package init(parsing text: String, file: String) throws(ConfigurationError) {
        try self.init(parsing: Array(text.utf8), file: file)
    }
}
