import Linux
import SystemPackage
import Testing

@Suite struct `A child process` {
    @Test func `reads what it is given and answers what it prints`() throws {
        let input = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        let outcome = try ChildProcess.run(["cat"], input: input, outputLimit: 200_000)
        #expect(outcome.status == 0)
        #expect(outcome.output == input)
    }

    @Test func `finds an attachment`() throws {
        let outcome = try ChildProcess.run(
            ["cat", ChildProcess.attachmentPath],
            input: [1],
            attachment: Array("attached".utf8),
            outputLimit: 100
        )
        #expect(outcome.output == Array("attached".utf8))
    }

    @Test(arguments: [("exit 3", Int32(3)), ("kill -9 $$", 137)])
    func `tells how it ended`(script: String, status: Int32) throws {
        let outcome = try ChildProcess.run(["sh", "-c", script], input: [], outputLimit: 1)
        #expect(outcome.status == status)
    }

    @Test func `is ended when it prints without end`() {
        #expect(throws: Errno.fileTooLarge) {
            try ChildProcess.run(["cat", "/dev/zero"], input: [], outputLimit: 1000)
        }
    }

    @Test func `is an error where there is no such program`() {
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try ChildProcess.run(["jitgate-no-such-program"], input: [], outputLimit: 1)
        }
    }
}
