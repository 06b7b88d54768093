import AgentInterface
import Grants
import Linux
import StrictJSON
import Testing
import Varlink

@Suite struct `A call router` {
    private static let router = TestAgent.router(group: 990)
    private static let root = peer(0, group: 0)
    private static let member = peer(1000, groups: [4, 990])
    private static let stranger = peer(1000, groups: [4])

    private static func peer(
        _ user: UInt32,
        group: UInt32 = 100,
        groups: Set<UInt32> = []
    ) -> PeerCredentials {
        PeerCredentials(processID: 7, userID: user, groupID: group, groups: groups)
    }

    private static let calls: [(String, JSONValue)] = [
        ("Status", [:]), ("List", [:]), ("Watch", [:]),
        ("Verdict", ["file": "/f", "sha256": .string(digest)]),
        ("Revoke", ["all": true, "reason": "r"]), ("Reload", [:]), ("Try", [:]),
        ("Confirm", [:]), ("Explain", ["source": "192.0.2.7", "port": "22/tcp"]),
        ("Inspect", [:]), ("AcceptClock", [:]), ("Rekey", [:]), ("Attest", [:]), ("Count", [:]),
        ("Prove", ["sizes": [0, 5]]),
    ]
    private static let digest = String(repeating: "0a", count: 32)

    private func route(
        _ method: String,
        _ parameters: JSONValue = [:],
        from peer: PeerCredentials = root,
        more: Bool = true
    ) -> CallRouter.Route {
        let call = VarlinkCall(
            method: method.contains(".") ? method : "io.jitgate.Agent.\(method)",
            parameters: parameters,
            wantsMore: more
        )
        return Self.router.route(call, from: peer)
    }

    private func fault(_ fault: VarlinkError) -> CallRouter.Route { .answer(VarlinkReply(fault)) }

    @Test func `lets root do everything`() {
        for (method, parameters) in Self.calls {
            guard case .ask = route(method, parameters) else {
                Issue.record("\(method) was not let through")
                continue
            }
        }
    }

    @Test func `lets the group read and not change`() {
        let denied = Self.calls.filter {
            route($0.0, $0.1, from: Self.member) == fault(.permissionDenied)
        }
        #expect(denied.map(\.0) == ["Revoke", "Reload", "Try", "Confirm", "AcceptClock", "Rekey"])
    }

    @Test func `knows the group also as a primary one`() {
        #expect(route("Status", from: Self.peer(1000, group: 990)) == .ask(.status))
    }

    @Test func `lets nobody else do anything, not even ask what there is`() {
        for method in Self.calls.map(\.0) + ["org.varlink.service.GetInfo", "x.y.Z", "Nothing"] {
            #expect(route(method, from: Self.stranger) == fault(.permissionDenied))
        }
    }

    @Test func `without a group lets only root read`() {
        let router = TestAgent.router(group: nil)
        let call = VarlinkCall(method: "io.jitgate.Agent.Status")
        #expect(router.route(call, from: Self.member) == fault(.permissionDenied))
        #expect(router.route(call, from: Self.root) == .ask(.status))
    }

    @Test(
        arguments: [
            ("Status", ["all": true], "all"),
            ("List", ["all": 1], "all"),
            ("Try", ["seconds": 0], "seconds"),
            ("Try", ["seconds": 86_401], "seconds"),
            ("Try", ["seconds": "120"], "seconds"),
            ("Confirm", ["seconds": 1], "seconds"),
            ("Explain", ["source": "192.0.2.7"], "port"),
            ("Explain", ["source": "", "port": "22/tcp"], "source"),
            ("List", ["al": true], "al"),
            ("Revoke", ["all": true], "reason"),
            ("Revoke", ["all": true, "reason": ""], "reason"),
            ("Revoke", ["reason": "r"], "ids"),
            ("Revoke", ["ids": [], "reason": "r"], "ids"),
            ("Revoke", ["ids": ["a", 1], "reason": "r"], "ids"),
            ("Revoke", ["ids": ["a"], "all": true, "reason": "r"], "all"),
            ("Explain", ["source": "192.0.2.300", "port": "22/tcp"], "source"),
            ("Explain", ["source": "192.0.2.7", "port": "22"], "port"),
            ("Reload", ["sessions": "192.0.2.7 50000 192.0.2.1 22"], "sessions"),
            ("Reload", ["sessions": .array(Array(repeating: "", count: 65))], "sessions"),
            ("Verdict", ["file": "/f"], "sha256"),
            ("Verdict", ["file": "/f", "sha256": "00"], "sha256"),
            ("Verdict", ["file": "", "sha256": .string(digest)], "file"),
            ("org.varlink.service.GetInterfaceDescription", [:], "interface"),
        ] as [(String, JSONValue, String)]
    )
    func `names the parameter at fault`(method: String, parameters: JSONValue, name: String) {
        #expect(route(method, parameters) == fault(.invalidParameter(name)))
    }

    @Test func `reads the parameters of each method`() {
        let ids = [Samples.open.id, Samples.ended.id]
        #expect(route("List", ["all": nil]) == .ask(.list(all: false)))
        #expect(route("List", ["all": true]) == .ask(.list(all: true)))
        #expect(
            route("Revoke", ["ids": .array(ids.map { .string("\($0)") }), "reason": "r"])
                == .ask(.revoke(.init(ids: ids), reason: "r"))
        )
        #expect(
            route("Verdict", ["file": "/f", "sha256": .string(Self.digest)])
                == .ask(.verdict(file: "/f", sha256: Self.digest))
        )
    }

    @Test func `knows no grant by an id that is no UUID`() {
        #expect(
            route("Revoke", ["ids": ["a", "b"], "reason": "r"]) == fault(.noSuchGrant(["a"]))
        )
    }

    @Test func `lets sessions that sshd did not write have no effect`() throws {
        let text = "192.0.2.7 50000 192.0.2.1 22"
        let session = try #require(SSHConnection(parsing: text))
        #expect(
            route("Reload", ["sessions": ["x", .string(text)]])
                == .ask(.reload(sessions: [session]))
        )
        #expect(session.description == text)
    }

    @Test func `says which method or interface there is not`() {
        #expect(route("Open") == fault(.methodNotFound("io.jitgate.Agent.Open")))
        #expect(route("io.jitgate.Other.Open") == fault(.interfaceNotFound("io.jitgate.Other")))
        #expect(
            route("org.varlink.service.Open") == fault(.methodNotFound("org.varlink.service.Open"))
        )
    }

    @Test func `watches only who can take more than one reply`() {
        #expect(route("Watch", more: false) == fault(.expectedMore))
    }

    @Test func `introduces itself`() {
        #expect(
            route("org.varlink.service.GetInfo")
                == .answer(
                    VarlinkReply(parameters: [
                        "vendor": "jitgate", "product": "jitgated", "version": "1", "url": "u",
                        "interfaces": ["org.varlink.service", "io.jitgate.Agent"],
                    ])
                )
        )
    }
}
