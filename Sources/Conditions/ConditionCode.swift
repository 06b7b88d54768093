/// The code of each condition, in the order in which conditions of one severity are listed.
///
/// A new one is a case here with its severity and area, the function that words it in the file of
/// its area, and a row of docs/CONDITIONS.md.
package enum ConditionCode: String, Hashable, Sendable, CaseIterable {
    case agentUnreachable = "agent-unreachable"
    case logFull = "log-full"
    case logUpkeepFailed = "log-upkeep-failed"
    case hostCloned = "host-cloned"
    case changeRefused = "kernel-refused-change"
    case tableUnwatched = "table-unwatched"
    case policyUnreadable = "policy-unreadable"
    case policyNotInForce = "policy-not-in-force"
    case policyNotConfirmed = "policy-not-confirmed"
    case signersNotInForce = "signers-not-in-force"
    case revokedKeysNotInForce = "revoked-keys-not-in-force"
    case packetLogTaken = "packet-log-taken"
    case sessionsNotReset = "sessions-not-reset"
    case journalRefuses = "journal-refuses"
    case clockHeld = "clock-held"
    case dropUnreadable = "drop-unreadable"
    case filesPolled = "files-polled"
    case dropDirectoryUntrusted = "drop-directory-untrusted"
    case fileUntrusted = "file-untrusted"
    case dropDirectoryMissing = "drop-directory-missing"
    case inboxUnreadable = "inbox-unreadable"
    case policyUntrusted = "policy-untrusted"
    case signersMissing = "signers-missing"
    case signersUntrusted = "signers-untrusted"
    case signersMalformed = "signers-malformed"
    case revokedKeysMissing = "revoked-keys-missing"
    case revokedKeysUntrusted = "revoked-keys-untrusted"
    case revokedKeysMalformed = "revoked-keys-malformed"
    case logDirectoryMissing = "log-directory-missing"
    case logUntrusted = "log-untrusted"
    case stateDirectoryMissing = "state-directory-missing"
    case stateUntrusted = "state-untrusted"
    case auditKeyExposed = "audit-key-exposed"
    case diskNearlyFull = "disk-nearly-full"
    case firewallDrops = "firewall-drops"
    case savedRuleset = "saved-ruleset"
    case detourTproxy = "detour-tproxy"
    case detourSocketLookup = "detour-sk-lookup"
    case detourIPVS = "detour-ipvs"

    case breakGlass = "break-glass"
    case noWayBack = "no-way-back"
    case depotSilent = "depot-silent"
    case depotIncomplete = "depot-incomplete"
    case depotCertificateExpires = "depot-certificate-expires"
    case bulletinStale = "bulletin-stale"
    case revokedKeysFull = "revoked-keys-full"
    case modeDiffers = "mode-differs"
    case fileRefused = "file-refused"
    case signersEmpty = "signers-empty"
    case requestorsCannotSign = "requestors-cannot-sign"
    case approverUnbounded = "approver-unbounded"
    case approverNameless = "approver-nameless"
    case approverOverridden = "approver-overridden"
    case reviewersCannotSign = "reviewers-cannot-sign"
    case portUncovered = "port-uncovered"
    case listenersUnseen = "listeners-unseen"
    case firewallDropsMost = "firewall-drops-most"
    case firewallDropsRest = "firewall-drops-rest"
    case legacyTable = "legacy-table"
    case detoursUnseen = "detours-unseen"
    case detourRule = "detour-rule"
    case detourRoute = "detour-route"
    case detourTransparent = "detour-transparent"
    case detourFlowtable = "detour-flowtable"
    case detourTproxyUnknown = "detour-tproxy-unknown"
    case virtualServers = "virtual-servers"
    case barsFull = "bars-full"
    case keepFreeReached = "keep-free-reached"
    case diskLow = "disk-low"
    case diskFilling = "disk-filling"
    case clockUnsynchronized = "clock-unsynchronized"

    case observing
    case policyOnTrial = "policy-on-trial"
    case notPermitted = "not-permitted"
    case tableNotOwned = "table-not-owned"
    case tableUnseen = "table-unseen"
    case listenersUncovered = "listeners-uncovered"
    case portsSilent = "ports-silent"
    case firewallDropsSome = "firewall-drops-some"
    case firewallRewrites = "firewall-rewrites"
    case firewallUnread = "firewall-unread"
    case firewallUnseen = "firewall-unseen"
    case clockAhead = "clock-ahead"
    case clockUnseen = "clock-unseen"
    case journalAbsent = "journal-absent"
}

extension ConditionCode {
    /// A part of the host, in a word for people.
    package enum Area: String, Hashable, Sendable {
        case agent, audit, clock, detours, disk, files, firewall, grants, journal, kernel, policy
        case ports, signers, state
    }

    package var severity: Severity { traits.severity }
    package var area: Area { traits.area }

    private var traits: (severity: Severity, area: Area) {
        switch self {
        case .agentUnreachable, .packetLogTaken, .sessionsNotReset: (.error, .agent)
        case .logFull, .logUpkeepFailed, .hostCloned, .logDirectoryMissing, .logUntrusted:
            (.error, .audit)
        case .changeRefused, .tableUnwatched: (.error, .kernel)
        case .policyUnreadable, .policyNotInForce, .policyNotConfirmed, .policyUntrusted:
            (.error, .policy)
        case .signersNotInForce, .signersMissing, .signersUntrusted, .signersMalformed,
            .revokedKeysNotInForce, .revokedKeysMissing, .revokedKeysUntrusted,
            .revokedKeysMalformed:
            (.error, .signers)
        case .journalRefuses: (.error, .journal)
        case .clockHeld: (.error, .clock)
        case .dropUnreadable, .filesPolled, .dropDirectoryUntrusted, .fileUntrusted,
            .dropDirectoryMissing, .inboxUnreadable:
            (.error, .grants)
        case .stateDirectoryMissing, .stateUntrusted, .auditKeyExposed: (.error, .state)
        case .diskNearlyFull: (.error, .disk)
        case .firewallDrops, .savedRuleset: (.error, .firewall)
        case .detourTproxy, .detourSocketLookup, .detourIPVS: (.error, .detours)

        case .noWayBack: (.warning, .policy)
        case .modeDiffers: (.warning, .agent)
        case .fileRefused, .breakGlass, .barsFull, .depotSilent, .depotIncomplete,
            .depotCertificateExpires, .bulletinStale:
            (.warning, .grants)
        case .signersEmpty, .requestorsCannotSign, .reviewersCannotSign, .approverUnbounded,
            .approverNameless, .approverOverridden, .revokedKeysFull:
            (.warning, .signers)
        case .portUncovered, .listenersUnseen: (.warning, .ports)
        case .firewallDropsMost, .firewallDropsRest, .legacyTable: (.warning, .firewall)
        case .detoursUnseen, .detourRule, .detourRoute, .detourTransparent, .detourFlowtable,
            .detourTproxyUnknown, .virtualServers:
            (.warning, .detours)
        case .keepFreeReached, .diskLow, .diskFilling: (.warning, .disk)
        case .clockUnsynchronized: (.warning, .clock)

        case .observing: (.note, .policy)
        case .policyOnTrial: (.note, .agent)
        case .notPermitted: (.note, .files)
        case .tableNotOwned, .tableUnseen: (.note, .kernel)
        case .listenersUncovered, .portsSilent: (.note, .ports)
        case .firewallDropsSome, .firewallRewrites, .firewallUnread, .firewallUnseen:
            (.note, .firewall)
        case .clockAhead, .clockUnseen: (.note, .clock)
        case .journalAbsent: (.note, .journal)
        }
    }
}
