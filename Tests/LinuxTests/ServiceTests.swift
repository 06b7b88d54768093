import Foundation
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

/// Receives what a notifier sends, as a service manager does, by Python's own socket module.
private final class Manager {
    private let process = Process()
    private let output = Pipe()

    /// Listens at a path or an `@` name; answers one line a datagram, with what came along.
    init(_ address: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-u", "-c",
            """
            import os, socket, sys
            at = sys.argv[1]
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind("\\0" + at[1:] if at[0] == "@" else at)
            print("listening")
            while True:
                data, fds, _, _ = socket.recv_fds(s, 4096, 4)
                held = [os.pread(fd, 10, 0).decode() for fd in fds]
                print("|".join(data.decode().split("\\n") + held))
            """,
            address,
        ]
        process.standardOutput = output
        try process.run()
        #expect(line() == "listening")
    }

    deinit {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The next line; empty if the manager has gone.
    func line() -> String {
        var bytes: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite struct `The service manager` {
    @Test(arguments: [false, true])
    func `hears what the agent says, at a path and by name`(abstract: Bool) throws {
        let folder = try TemporaryDirectory()
        let address = abstract ? "@jitgate-test-\(UUID())" : folder.path + "/notify"
        let manager = try Manager(address)
        let notifier = try ServiceNotifier(address)
        notifier.send(.ready, .status("2 open,\nnext deadline at noon"))
        #expect(manager.line() == "READY=1|STATUS=2 open,next deadline at noon")
        notifier.send(.reloading(monotonicMicroseconds: 12_345))
        #expect(manager.line() == "RELOADING=1|MONOTONIC_USEC=12345")
        notifier.send(.watchdog)
        #expect(manager.line() == "WATCHDOG=1")
        notifier.send(.stopping)
        #expect(manager.line() == "STOPPING=1")
        notifier.discard("owner")
        #expect(manager.line() == "FDSTOREREMOVE=1|FDNAME=owner")
    }

    @Test func `gets a descriptor that it can use`() throws {
        let folder = try TemporaryDirectory()
        let manager = try Manager(folder.path + "/notify")
        try AtomicFile.replace(folder.path + "/file", with: Array("kept".utf8), mode: 0o600)
        let file = try OwnedDescriptor.opening { unsafe open(folder.path + "/file", O_RDONLY) }
        try ServiceNotifier(folder.path + "/notify").store(file.rawValue, as: "owner")
        #expect(manager.line() == "FDSTORE=1|FDNAME=owner|kept")
    }

    @Test func `may be missing, or be gone`() throws {
        try ServiceNotifier(nil).send(.ready)
        try ServiceNotifier("/nonexistent/notify").send(.ready)
        #expect(throws: Errno.invalidArgument) { try ServiceNotifier("@") }
        #expect(throws: Errno.fileNameTooLong) {
            try ServiceNotifier("@" + String(repeating: "x", count: 108))
        }
    }

    @Test func `says by variables who is meant`() {
        let all = [
            "NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "30000000",
            "WATCHDOG_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "owner:", "LISTEN_PID": "7",
        ]
        let ours = ServiceEnvironment(all, processID: 7)
        #expect(ours.notifySocket == "/run/systemd/notify")
        #expect(ours.watchdog == .seconds(30))
        #expect(ours.descriptorNames == ["owner", ""])
        let others = ServiceEnvironment(all, processID: 8)
        #expect(others.watchdog == nil)
        #expect(others.descriptorNames.isEmpty)
        let odd = ["WATCHDOG_USEC": "-1", "LISTEN_FDS": "999999999", "LISTEN_PID": "7"]
        #expect(ServiceEnvironment(odd, processID: 7).watchdog == nil)
        #expect(ServiceEnvironment(odd, processID: 7).descriptorNames.isEmpty)
        #expect(ServiceEnvironment([:], processID: 7).notifySocket == nil)
    }

    private func number(_ descriptor: consuming OwnedDescriptor?) -> Int32? {
        descriptor?.rawValue
    }

    @Test func `hands back by name what it kept`() throws {
        var pipe: [Int32] = [-1, -1]
        try SystemCall.check { unsafe Glibc.pipe(&pipe) }
        // Two neighbours, as the service manager passes them.
        let first = try SystemCall.check { fcntl(pipe[0], F_DUPFD, 400) }
        try SystemCall.check { dup2(pipe[1], first + 1) }
        do {
            var passed = PassedDescriptors(["", "owner"], from: first)
            #expect(number(passed.take("stranger")) == nil)
            guard let owner = passed.take("owner") else { throw CommandFailure("not kept") }
            #expect(owner.rawValue == first + 1)
            #expect(fcntl(owner.rawValue, F_GETFD) & FD_CLOEXEC != 0)
            #expect(number(passed.take("owner")) == nil)
        }
        #expect(fcntl(first, F_GETFD) == -1)
        for end in pipe { close(end) }
    }
}
