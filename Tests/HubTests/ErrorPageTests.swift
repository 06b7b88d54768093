import Foundation
import TestSupport
import Testing

@testable import Hub

/// Errors as browsers and programs get them.
struct ErrorPageTests {
    private static let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")]

    @Test(arguments: [
        ("GET", "/no/such/path", 404, "There is nothing here"),
        ("GET", "/v1/hosts", 401, "You are not logged in"),
        ("GET", "/v1/hosts?format=csv", 401, "You are not logged in"),
        ("PUT", "/login", 405, "This cannot be done"),
        ("GET", "/shelves/..%2f/index", 404, "There is nothing here"),
    ])
    func `a browser gets a page, and a program JSON, of the same status`(
        method: String,
        path: String,
        status: Int,
        title: String
    ) async throws {
        let hub = try await RunningHub()
        let page = try await hub.call(method, path, headers: Self.browser)
        #expect(page.status == status && page.text.hasPrefix("<!DOCTYPE html>"), "\(page.text)")
        #expect(
            page.text.contains(title)
                && page.headers["content-type"]?.hasPrefix("text/html") == true
        )
        let policy = page.headers["content-security-policy"]
        #expect(policy?.contains("default-src 'none'") == true, "\(policy ?? "")")
        let answer = try await hub.call(method, path)
        #expect(answer.status == status && answer.code != nil, "\(answer.text)")
        #expect(page.headers["allow"] == answer.headers["allow"])
        #expect(page.headers["www-authenticate"] == answer.headers["www-authenticate"])
        try await hub.stop()
    }

    @Test func `the page of a bad query greets the person, and shows no markup of the query`()
        async throws
    {
        let audrey = try HubPerson("audrey", "jitgate-login,jitgate-audit")
        let hub = try await RunningHub(people: [audrey])
        let cookie = try await hub.cookie(of: audrey)
        let query = "%3Cscript%3Ealert(1)%3C/script%3E=1"
        let page = try await hub.call(
            "GET",
            "/v1/activity?\(query)",
            cookie: cookie,
            headers: Self.browser
        )
        #expect(page.status == 400 && page.text.contains("audrey"))
        #expect(!page.text.contains("<script>alert") && page.text.contains("unknown parameter"))
        let lost = try await hub.call("GET", "/nowhere", cookie: cookie, headers: Self.browser)
        #expect(lost.status == 404 && lost.text.contains("audrey"))
        try await hub.stop()
    }

    @Test func `another host has no pages of the hub`() async throws {
        let hub = try await RunningHub()
        for host in ["other.test", RunningHub.approvalHost] {
            let answer = try await hub.call("GET", "/nowhere", headers: Self.browser, host: host)
            #expect(answer.code != nil && answer.headers["content-type"] == "application/json")
        }
        try await hub.stop()
    }
}
