// A client that uses net/http of Go.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func call(method, path, body string) string {
	request, err := http.NewRequest(method, "https://daisysim.com/api/v1/virtual"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer daisy-demo")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func main() {
	balance := call("GET", "/balance", "")
	bought := call("POST", "/purchase", `{"country": 6, "service": "wa", "price": 0.3664}`)
	fmt.Printf("{\"balance\": %s, \"bought\": %s}\n", balance, bought)
}
