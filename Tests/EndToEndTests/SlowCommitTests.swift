import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// A host whose kernel takes a transaction only some seconds after the agent computed it, as when
/// nf_tables has to load a module for it.
private struct SlowKernel {
    private static let delay = 3.0
    let host: AgentHost
    private let fifo: String

    init() throws {
        host = try AgentHost()
        fifo = host.path + "/kernel"
    }

    func launch(as kernel: String?) throws {
        var environment = ["LD_PRELOAD": AgentHost.faults, "SLOW_COMMIT": fifo]
        environment["KERNEL"] = kernel
        try host.launch(environment: environment)
    }

    /// Has the next transaction wait.
    func block() throws {
        try unsafe #require(mkfifo(fifo, 0o600) == 0)
    }

    /// Lets it go on, once it has waited for long enough.
    func unblock() throws {
        var writer: Int32 = -1
        try eventually {
            writer = unsafe open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return writer >= 0
        }
        let end = Date(timeIntervalSinceNow: Self.delay)
        try eventually { Date() > end }
        try FileManager.default.removeItem(atPath: fifo)
        close(writer)
    }

    /// Waits until the kernel ends an opening when the log says; nft says whole seconds.
    func expectRightTime() throws {
        let text = try #require(host.records("grant-opened").last?["JITGATE_DEADLINE"]?.text)
        let deadline = try Moment(parsing: text)
        try eventually {
            let left = try host.timesLeft()["192.0.2.7 . tcp . 22"]
            let now = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
            let right = Int((deadline - now).components.seconds)
            return left.map { ($0 - right).magnitude <= 1 } ?? false
        }
    }
}

@Suite struct `A transaction that the kernel is slow to take` {
    @Test func `leaves no timeout late at start`() throws {
        let scene = try SlowKernel()
        try scene.host.submit(scene.host.grant(), as: "a.grant")
        try scene.block()
        try scene.launch(as: nil)
        try scene.unblock()
        try scene.expectRightTime()
    }

    @Test(arguments: [nil, "6.11", "6.2"])
    func `leaves no timeout late later on`(kernel: String?) throws {
        let scene = try SlowKernel()
        try scene.launch(as: kernel)
        try eventually { try scene.host.records("agent-started").count == 1 }
        try scene.block()
        try scene.host.submit(scene.host.grant(), as: "a.grant")
        try scene.unblock()
        try scene.expectRightTime()
    }
}
