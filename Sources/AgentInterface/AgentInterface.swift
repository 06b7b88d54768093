package import Varlink

/// The interface of the agent: each method is declared here, and handled in `ControlCalls`.
///
/// Moments are RFC 3339 in UTC; docs/PROTOCOL.control has what types and comments cannot express.
package enum AgentInterface {
    package static let name = "io.jitgate.Agent"

    /// Everything together, as the router checks it and GetInterfaceDescription describes it.
    package static let interface = VarlinkInterface(
        name: name,
        comment: """
            The agent of jitgate: which grants hold this host's management ports open, and until when.
            Moments are RFC 3339 in UTC. Root may change, the control group may read.
            """,
        types: [
            NamedType("Grant", GrantEntry.self, "A grant and what became of it"),
            NamedType(
                "EventCount",
                AgentCounters.EventCount.self,
                "The number of records of one kind of event"
            ),
            NamedType("Bar", BarEntry.self, "A revocation that keeps grants from opening"),
            NamedType(
                "HeldTime",
                AgentStatus.HeldTime.self,
                "The agent's time does not go back with the wall clock"
            ),
            NamedType(
                "RevokedKey",
                RevokedKeyEntry.self,
                "A key whose signatures do not count, since a bulletin revoked it"
            ),
            NamedType(
                "Bulletin",
                AgentStatus.FleetBulletin.self,
                "The newest bulletin of the fleet, and whether grants wait for another one"
            ),
            NamedType(
                "Fate",
                Inspection.Fate.self,
                "What a chain does with a packet that opens a connection to a protected port"
            ),
            NamedType(
                "Chain",
                Inspection.Chain.self,
                "A chain of another tool that packets to this host go through"
            ),
            NamedType(
                "Detour",
                Inspection.Detour.self,
                "A way by which packets reach this host that not all of the gate sees"
            ),
        ],
        methods: [
            status, list, revoke, bars, unbar, verdict, reload, tryPolicy, confirm, acceptClock,
            explain,
            inspect,
            rekey, watch, attest, prove, count,
        ],
        errors: errors,
        tooSlow: .failed(
            "this client reads its replies too slowly and was left behind;"
                + " `jitgate audit show` has what it missed"
        )
    )

    package static let status: MethodDescriptor<NoParameters, AgentStatus> =
        method("Status", .read, "How the agent is")

    package static let list: MethodDescriptor<ListParameters, GrantList> = method(
        "List",
        .read,
        "The grants that wait, are open or drain; with all, those that ended too"
    )

    package static let revoke: MethodDescriptor<RevokeParameters, RevokeReply> = method(
        "Revoke",
        .change,
        """
        Ends the grants that one of the lists matches now, draining ones too, or with all every one
        and every session that was there when enforcing began; all or nothing
        """
    )

    package static let bars: MethodDescriptor<NoParameters, BarList> =
        method(
            "Bars",
            .read,
            "The revocations that keep grants from opening, by their ends, and the revoked keys"
        )

    package static let unbar: MethodDescriptor<UnbarParameters, BarList> = method(
        "Unbar",
        .change,
        """
        Ends these bars before their time and the revocation of these keys, all or none; answers those
        that are left
        """
    )

    package static let verdict: MethodDescriptor<VerdictParameters, SubmissionResult> = method(
        "Verdict",
        .read,
        "What became of a dropped file; with more, waits while it is pending"
    )

    package static let reload: MethodDescriptor<ReloadParameters, ReloadReply> =
        method("Reload", .change, "Loads the policy that is on disk")

    package static let tryPolicy: MethodDescriptor<TryParameters, TrialReply> = method(
        "Try",
        .change,
        "Puts the policy that is on disk on trial; default 120 seconds, at most a day"
    )

    package static let confirm: MethodDescriptor<NoParameters, ReloadReply> =
        method("Confirm", .change, "Keeps the policy that is on trial")

    package static let acceptClock: MethodDescriptor<NoParameters, AcceptClockReply> = method(
        "AcceptClock",
        .change,
        "Ends every grant with the reason clock and takes the wall clock's word, which is behind"
    )

    package static let explain: MethodDescriptor<ExplainParameters, Explanation> = method(
        "Explain",
        .read,
        "Would a packet from this address or network to this port pass now"
    )

    package static let inspect: MethodDescriptor<NoParameters, Inspection> =
        method("Inspect", .read, "What only the agent can see of the kernel")

    package static let rekey: MethodDescriptor<NoParameters, RekeyReply> = method(
        "Rekey",
        .change,
        "Has the audit log of a cloned machine go on under a new key, which it answers"
    )

    package static let watch: MethodDescriptor<NoParameters, WatchReply> = method(
        "Watch",
        .read,
        needsMore: true,
        "Needs more: a null record first, then each record of the audit log as it is written"
    )

    package static let attest: MethodDescriptor<NoParameters, AttestReply> = method(
        "Attest",
        .read,
        "The status of the host, signed; with more, one more reply once it has changed"
    )

    package static let prove: MethodDescriptor<ProveParameters, ProveReply> = method(
        "Prove",
        .read,
        "Shows that the log at each of these sizes is the beginning of the log at the next and now"
    )

    package static let count: MethodDescriptor<NoParameters, AgentCounters> = method(
        "Count",
        .read,
        "How often what is on record has happened since the agent started, for metrics"
    )

    private static let errors = [
        ErrorDescriptor("NoSuchGrant", [VarlinkMember("ids", "[]string")]),
        ErrorDescriptor("NoSuchBar", [VarlinkMember("ids", "[]string")]),
        ErrorDescriptor(
            "BarsFull",
            [],
            "There are 1,000 bars; the grants were revoked all the same"
        ),
        ErrorDescriptor("ReloadRefused", [VarlinkMember("problems", "[]string")]),
        ErrorDescriptor("NoTrial", [], "Confirm without a policy on trial"),
        ErrorDescriptor(
            "ClockNotHeld",
            [],
            "AcceptClock while the agent's time is not ahead of the wall clock"
        ),
        ErrorDescriptor("Failed", [VarlinkMember("reason", "string")]),
    ]

    private static func method<Parameters, Reply>(
        _ method: String,
        _ access: MethodAccess,
        needsMore: Bool = false,
        _ comment: String
    ) -> MethodDescriptor<Parameters, Reply> {
        MethodDescriptor(interface: name, method, access, needsMore: needsMore, comment)
    }
}
