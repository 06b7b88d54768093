import Dispatch
import Linux
import SystemPackage

/// The causes of a turn of the loop besides calls, clocks and signals.
enum LoopEvent: Sendable {
    case filesChanged
    case filesWait
    case filesToRemove
    case packetsCame
    case socketsEnded
    case rulesetChanged
}

/// Lets the parts of the agent ask for a turn of the loop.
final class LoopEvents {
    private let executor: EngineExecutor
    private var loop: AgentLoop?

    init(_ executor: EngineExecutor) {
        self.executor = executor
    }

    /// From here on events bring turns.
    func attach(to loop: AgentLoop) { self.loop = loop }

    /// Posts an event whenever a descriptor is readable.
    func source(reading descriptor: Int32, _ event: LoopEvent) throws(Errno) -> DescriptorSource {
        let loop = loop
        return try DescriptorSource(reading: descriptor, on: executor) {
            loop?.assumeIsolated { $0.take(event) }
        }
    }

    /// Posts an event to be handled once all that is due before it is done.
    func post(_ event: LoopEvent) {
        let loop = loop
        executor.queue.async { loop?.assumeIsolated { $0.take(event) } }
    }

    /// Lets another queue hand values to the loop, each of which brings a turn.
    func sink<Value: Sendable>(
        _ take: @escaping @Sendable (isolated AgentLoop, Value) -> Void
    ) -> @Sendable (Value) -> Void {
        let (loop, executor) = (loop, executor)
        return { value in
            executor.queue.async { loop?.assumeIsolated { take($0, value) } }
        }
    }

    /// Does work on another queue, and hands its result to the loop.
    func run<Value: Sendable>(
        on queue: DispatchQueue,
        _ work: @escaping @Sendable () -> Value,
        then take: @escaping @Sendable (isolated AgentLoop, Value) -> Void
    ) {
        let sink = sink(take)
        queue.async { sink(work()) }
    }
}
