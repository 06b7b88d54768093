import Depot
import Foundation
import StrictJSON
import TestSupport
import Testing

/// `jitgate-fleet post` to web servers and stores.
struct StoreTests {
    private let bench: FleetBench

    init() throws { bench = try FleetBench() }

    private func nginx(_ depot: NginxDepot, certificate: String = "client") -> [String] {
        [
            "--depot", depot.url, "--ca", depot.path + "/ca.pem", "--certificate",
            "\(depot.path)/\(certificate).pem",
        ]
    }

    private func s3(_ store: S3Store) -> [String] {
        ["--depot", store.url, "--credentials", store.keysPath]
    }

    private func files(_ result: Command.Result) throws -> [String?] {
        try JSONNode.parse(result.output).value["files"]?.items?.map { $0["result"]?.text } ?? []
    }

    @Test func `nginx takes files and lines by PUT, from a client that it knows`() throws {
        let depot = try NginxDepot()
        let root = depot.path + "/www/jitgate"
        let file = try bench.grant("g.grant", hosts: ["web-1", "*"])
        let result = try bench.post([file, "--json"], to: nginx(depot))
        #expect(try files(result) == ["posted"], "\(result.errors)")
        #expect(try JSONNode.parse(result.output).value["conditional"] == false)
        #expect(try bench.isConsistent(root))
        for shelf in ["web-1", "all"] {
            #expect(
                try bench.index(shelf, in: root).map(\.digest.description) == [digest(of: file)]
            )
        }
        #expect(try files(bench.post([file, "--json"], to: nginx(depot))) == ["present"])
        let unknown = try bench.post([file], to: nginx(depot, certificate: "expired"))
        #expect(unknown.status == 77 && unknown.errors.contains("certificate and credentials"))
    }

    @Test func `a store that checks signatures takes them with the right keys only`() throws {
        let store = try S3Store()
        let file = try bench.grant("g.grant")
        let result = try bench.post([file, "--json"], to: s3(store))
        #expect(try files(result) == ["posted"], "\(result.errors)")
        #expect(try JSONNode.parse(result.output).value["conditional"] == true)
        #expect(try bench.index("web-1", in: store.root).count == 1)
        #expect(try bench.isConsistent(store.root))
        #expect(try files(bench.post([file, "--json"], to: s3(store))) == ["present"])
        try bench.write("aws_access_key_id = me\naws_secret_access_key = no\n", to: "wrong")
        let wrong = try bench.post(
            [file],
            to: ["--depot", store.url, "--credentials", bench.path("wrong")]
        )
        #expect(wrong.status == 77)
    }

    /// Where publishers race.
    enum Place: String, CaseIterable {
        case directory, store, storeWithoutConditions, nginx
    }

    @Test(arguments: Place.allCases)
    func `publishers that race lose nothing`(place: Place) throws {
        var store: S3Store?
        var web: NginxDepot?
        let (depot, root): ([String], String)
        switch place {
        case .directory: (depot, root) = (bench.directory, bench.path("depot"))
        case .store, .storeWithoutConditions:
            let made = try S3Store(knowsConditions: place == .store)
            store = made
            (depot, root) = (s3(made), made.root)
        case .nginx:
            let made = try NginxDepot()
            web = made
            (depot, root) = (nginx(made), made.path + "/www/jitgate")
        }
        let count = place == .nginx || place == .storeWithoutConditions ? 2 : 8
        let files = try (0..<count).map { number in
            try (0..<3).map { try bench.grant("\(number)-\($0).grant", hosts: ["web-1", "*"]) }
        }
        let processes = try files.map { files in
            let process = Process()
            let words = bench.words(files + depot)
            process.executableURL = URL(filePath: words[0])
            process.arguments = Array(words.dropFirst())
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            return process
        }
        for process in processes {
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        let digests = try Set(files.joined().map { try digest(of: $0) })
        for shelf in ["web-1", "all"] {
            let lines = try bench.index(shelf, in: root)
            #expect(Set(lines.map(\.digest.description)) == digests && lines.count == digests.count)
        }
        #expect(try bench.isConsistent(root))
        withExtendedLifetime((store, web)) {}
    }

    @Test(arguments: ["before", "after"])
    func `killed at any request it leaves no line without its file, and the next run ends it`(
        when: String
    ) throws {
        var number = 1
        while true {
            let store = try S3Store()
            let old = try bench.grant("old.grant")
            #expect(try bench.post([old], to: s3(store)).status == 0)
            let files = [
                try bench.grant("g.grant", hosts: ["web-1", "web-2"]),
                try bench.revocation("r.grant", of: UUID()),
            ]
            var isDone = false
            try store.holding(number, when) { isHeld in
                let process = Process()
                let words = bench.words(files + s3(store))
                process.executableURL = URL(filePath: words[0])
                process.arguments = Array(words.dropFirst())
                process.standardOutput = FileHandle.nullDevice
                try process.run()
                try eventually { isHeld() || !process.isRunning }
                isDone = !isHeld()
                process.end()
            }
            #expect(try bench.isConsistent(store.root))
            #expect(
                try bench.index("web-1", in: store.root).last?.digest.description
                    == digest(of: old)
            )
            #expect(try bench.post(files, to: s3(store)).status == 0)
            #expect(try bench.index("web-1", in: store.root).count == 3)
            #expect(try bench.index("web-2", in: store.root).count == 1)
            if isDone { break }
            number += 1
        }
        #expect(number > 10, "the requests of a run were not all tried")
    }

    @Test(arguments: [
        ("before", "rename"), ("after", "rename"), ("torn", "write"), ("before", "fsync"),
    ])
    func `killed at any step in a directory it leaves whole files`(
        when: String,
        kind: String
    ) throws {
        var number = 1
        while true {
            let bench = try FleetBench()
            let files = [
                try bench.grant("g.grant", hosts: ["web-1", "web-2"]),
                try bench.revocation("r.grant", of: UUID()),
            ]
            let result = try Command.run(
                bench.words(files + bench.directory),
                environment: [
                    "LD_PRELOAD": AgentHost.faults, "FAULT": "\(kind):\(number):\(when)",
                ]
            )
            #expect(try bench.isConsistent())
            #expect(try bench.post(files).status == 0)
            #expect(try bench.index("web-1").count == 2 && bench.index("web-2").count == 1)
            if result.status == 0 { break }
            number += 1
        }
        #expect(number > 4, "the steps of a run were not all tried")
    }
}
